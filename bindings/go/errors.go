// The errors, distinguished by type.

package tidegate

import (
	"errors"
	"fmt"
)

// ErrClosed is the error of every call to a policy that was closed or never opened.
var ErrClosed = errors.New("tidegate: the policy is closed")

// Violation is one reason why an event is not valid.
type Violation struct {
	// Code says what is wrong, for programs, such as "required" or "not-json".
	Code string `json:"code"`
	// Path is a JSON Pointer to the value at fault; "" is the whole event.
	Path string `json:"path"`
	// Message says what is wrong, for people. It contains names from the event, and no values.
	Message string `json:"message"`
	// Rule is the rule that is broken; "" for the schema, or the form of the event.
	Rule string `json:"rule"`
	// Version is the version in which Path is to be read; "" for the event's own.
	Version string `json:"version"`
}

// RejectionCause is how far an invalid event got.
type RejectionCause string

const (
	// Unreadable: it could not be read as one unambiguous JSON object.
	Unreadable RejectionCause = "unreadable"
	// Unknown: its type or version is not in the catalog.
	Unknown RejectionCause = "unknown"
	// Invalid: type and version are known, and it breaks their schema or rules.
	Invalid RejectionCause = "invalid"
)

// InvalidEventError says why an event is not valid.
type InvalidEventError struct {
	// Cause is how far it got.
	Cause RejectionCause
	// EventID and EventType are "" where they could not be read.
	EventID, EventType string
	// Violations are at least one and at most 100, by path, then by code.
	Violations []Violation
}

func (e *InvalidEventError) Error() string {
	return fmt.Sprintf("tidegate: the event is not valid (%s): %s", e.Cause, inOneLine(e.Violations))
}

// MigrationCause is why a migration failed.
type MigrationCause string

const (
	// Rejected: the event is not valid to begin with.
	Rejected MigrationCause = "rejected"
	// NoPath: no steps lead from its version to the wanted one.
	NoPath MigrationCause = "no-path"
	// StepFailed: a step found a value that it could not carry over.
	StepFailed MigrationCause = "step-failed"
	// InvalidResult: the steps ran, and the result breaks the schema of the wanted version.
	InvalidResult MigrationCause = "invalid-result"
)

// MigrationFailedError says why an event could not be migrated. The event is unchanged.
type MigrationFailedError struct {
	// Cause is why it failed.
	Cause MigrationCause
	// EventType and FromVersion are "" where they are not known.
	EventType, FromVersion string
	// ToVersion is the version that was asked for.
	ToVersion string
	// Violations are at least one, in a stable order.
	Violations []Violation
}

func (e *MigrationFailedError) Error() string {
	return fmt.Sprintf("tidegate: no migration to %q (%s): %s", e.ToVersion, e.Cause, inOneLine(e.Violations))
}

// FaultError means that the policy misbehaved: it trapped, took too long or too much memory, or its answer breaks the contract.
// It says nothing about the event. The next call works, in a new instance.
type FaultError struct {
	// Message says what the policy did, and in which function.
	Message string
}

func (e *FaultError) Error() string {
	return "tidegate: " + e.Message
}

// LoadError says why a policy could not be loaded.
type LoadError struct {
	// Path is the file; "" for bytes in memory.
	Path string
	// Err is the cause: an *[io/fs.PathError] when the file cannot be read.
	Err error
}

func (e *LoadError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("tidegate: no policy: %v", e.Err)
	}
	return fmt.Sprintf("tidegate: no policy in %q: %v", e.Path, e.Err)
}

// Unwrap returns Err.
func (e *LoadError) Unwrap() error {
	return e.Err
}

// MisuseError means that the arguments make no sense. This is the caller's error and says nothing about the event.
type MisuseError struct {
	// Message says what to change in the call.
	Message string
}

func (e *MisuseError) Error() string {
	return "tidegate: " + e.Message
}

func inOneLine(violations []Violation) string {
	if len(violations) == 0 {
		return "no reason given"
	}
	first := violations[0]
	line := fmt.Sprintf("%s at %q: %s", first.Code, first.Path, first.Message)
	if more := len(violations) - 1; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	return line
}
