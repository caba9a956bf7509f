// The answers of a policy as Go types.

package tidegate

import (
	"encoding/json"
	"time"
)

// Accepted is a valid event.
type Accepted struct {
	EventID   string `json:"event_id"`
	EventType string `json:"event_type"`
	// EventVersion is the default version, if the event names none.
	EventVersion string `json:"event_version"`
	// Key is the partition key: the event's user.
	Key string `json:"key"`
}

// Migrated is an event in the wanted version.
type Migrated struct {
	// Event is its text: the slice that was passed in, if it needed no change.
	Event json.RawMessage
	// Changed is false when the event had that version already.
	Changed                bool
	FromVersion, ToVersion string
	// Path is the versions on the migration path, the first and the last included.
	Path []string
}

// Action is what follows when an attempt failed.
type Action string

const (
	// Retry: try again after the delay.
	Retry Action = "retry"
	// DeadLetter: no retries are left.
	DeadLetter Action = "dead-letter"
)

// RetryPlan is what follows when an attempt failed, and when.
type RetryPlan struct {
	Action Action
	// Delay is the time to wait before the next attempt, in whole milliseconds; 0 for [DeadLetter].
	Delay time.Duration
	// RetriesLeft counts the retries after this one.
	RetriesLeft uint32
}

// Decision is what becomes of an event.
type Decision string

const (
	// Forward: send the outputs.
	Forward Decision = "forward"
	// Drop: valid, and to be sent nowhere.
	Drop Decision = "drop"
	// Reject: not valid; the gate dead-letters it.
	Reject Decision = "reject"
)

// Decided is the decision on one event, with its reasons and its outputs.
type Decided struct {
	Decision Decision
	// Reason says why, in one line for people.
	Reason string
	// EventID, EventType and EventVersion are "" where they could not be read.
	EventID, EventType, EventVersion string
	// Outputs is what to send, in this order; empty unless the decision is [Forward].
	Outputs []Output
	// Violations are its violations; empty unless the decision is [Reject].
	Violations []Violation
}

// Output is one event to send.
type Output struct {
	// Channel is one of the catalog's.
	Channel string
	// Key is the partition key: events of one key keep their order.
	Key string
	// ID is derived from the input, so that a repeated call gives the same one.
	ID        string
	EventType string
	// Event is its text; nil when the event leaves unchanged.
	Event json.RawMessage
}

// Text is what to send, given the event that was judged.
func (o Output) Text(original []byte) []byte {
	if o.Event == nil {
		return original
	}
	return o.Event
}

// Catalog is what a policy knows and what it may do.
type Catalog struct {
	// Name and Version of the policy, for people.
	Name, Version string
	// EventTypes are sorted by name.
	EventTypes []EventType
	// Channels are all channels on which the policy may send, sorted.
	Channels []string
	Limits   Limits
}

// EventType is one event type.
type EventType struct {
	Name string
	// Versions are at least one, oldest first.
	Versions []Version
	// Latest is the version in which an event leaves when the caller asks for none.
	Latest string
	// Accepted is false for types that the policy sends and never accepts.
	Accepted bool
	// Channel is where valid events of this type leave; "" when they are dropped.
	Channel string
	// RetryDelays are the times to wait before each retry; none: never retried.
	RetryDelays []time.Duration
}

// Version is one version of an event type.
type Version struct {
	Version string
	// Example is the text of a valid event.
	Example json.RawMessage
}

// Limits are those of an event that a policy reads.
type Limits struct {
	// EventBytes is the longest event, in bytes of UTF-8.
	EventBytes uint32 `json:"event_bytes"`
	// Depth is the deepest nesting of arrays and objects; a scalar has depth 0.
	Depth uint32 `json:"depth"`
}
