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
	// EventVersion is the default version of the type, if the event names none.
	EventVersion string `json:"event_version"`
	// Key is the partition key; "" when it has none.
	Key string `json:"key"`
	// Claim is what it is claimed by, so that a repeat is recognised; "" when it is not claimed.
	Claim string `json:"claim"`
}

// Change is a change to the attributes of an event.
type Change struct {
	Name string `json:"name"`
	// Value is the new value; nil: the attribute is removed.
	Value *string `json:"value"`
}

// Migrated is an event in the wanted version.
type Migrated struct {
	// Event is its text: the slice that was passed in, if it needed no change.
	Event json.RawMessage
	// Changed is false when the text needed no change.
	Changed bool
	// Attributes are the changes to its attributes.
	Attributes             []Change
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
	// Rule is the drop rule by which it is dropped; "" otherwise.
	Rule string
	// Claim is what it is claimed by, so that a repeat is recognised; "" when it is not claimed.
	Claim string
	// EventID, EventType, EventVersion and Key are "" where they could not be read.
	EventID, EventType, EventVersion, Key string
	// Outputs is what to send, in this order; empty unless the decision is [Forward].
	Outputs []Output
	// Violations are its violations; never empty when the decision is [Reject].
	Violations []Violation
}

// Output is one event to send.
type Output struct {
	// Channel is one of the catalog's.
	Channel string
	// Key is the partition key: events of one key keep their order; "" when it has none.
	Key string
	// ID is derived from the input, so that a repeated call gives the same one.
	ID        string
	EventType string
	// Event is its text; nil when the event leaves unchanged.
	Event json.RawMessage
	// Attributes are the changes to the attributes that the event came with; of another event, its attributes.
	Attributes []Change
	// NotBefore is the time before which it is not to be sent, RFC 3339; "": at once.
	NotBefore string
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
	// Digest is the SHA-256 of its bundle; "" when it is not made of files alone.
	Digest string
	// EventTypes are sorted by name.
	EventTypes []EventType
	// Channels are all channels on which the policy may send, and those of dead letters and alerts, sorted.
	Channels    []string
	Envelope    Envelope
	CloudEvents CloudEvents
	DeadLetters DeadLetters
	// Alerts say which channels receive alerts about dead letters.
	Alerts []Alert
	Limits Limits
}

// EventType is one event type.
type EventType struct {
	Name string
	// Versions are at least one, oldest first.
	Versions []Version
	// TargetVersion is the version in which an event leaves when the caller asks for none.
	TargetVersion string
	// DefaultVersion is the version of an event that states none.
	DefaultVersion string
	// Migrations say which version can be brought to which, in any number of steps.
	Migrations []Migration
	// Rules are the ids of the rules that its events must keep.
	Rules []string
	// DropRules are the ids of the rules by which its valid events are dropped.
	DropRules []string
	// Accepted is false for types that the policy sends and never accepts.
	Accepted bool
	// Channels are all on which events of this type may leave; none: valid ones are dropped.
	Channels []string
	// RetryDelays are the times to wait before each retry; none: never retried.
	RetryDelays []time.Duration
}

// Version is one version of an event type.
type Version struct {
	Version string
	// Example is the text of a valid event.
	Example json.RawMessage
}

// Migration is a version that events of another one can be brought to.
type Migration struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Lossy is true when it can lose what an event says.
	Lossy bool `json:"lossy"`
}

// Envelope is where an event states its names: JSON Pointers, "" when events state none.
type Envelope struct {
	ID        string `json:"id"`
	EventType string `json:"event_type"`
	Version   string `json:"version"`
	Key       string `json:"key"`
	Time      string `json:"time"`
}

// CloudEvents is how a CloudEvent is read as a document.
type CloudEvents struct {
	// Attributes are those that stand for members.
	Attributes []MappedAttribute `json:"attributes"`
	// Payload is where the data stands, for an event whose type is an attribute; "": the data is the document.
	Payload string `json:"payload"`
}

// MappedAttribute is an attribute that stands for a member.
type MappedAttribute struct {
	Name string `json:"name"`
	// Place is the JSON Pointer to the member, in the document.
	Place string `json:"place"`
}

// DeadLetters are those that a gate builds.
type DeadLetters struct {
	Channel   string
	EventType string
	// Template says how one looks; nil: in the gate's own form.
	Template json.RawMessage
}

// Alert is a channel that receives alerts about dead letters.
type Alert struct {
	Channel string `json:"channel"`
	// EventTypes are the types of the events that it receives alerts about; nil: all.
	EventTypes []string `json:"event_types"`
}

// Limits are those of an event that a policy reads.
type Limits struct {
	// EventBytes is the longest event, in bytes of UTF-8.
	EventBytes uint32 `json:"event_bytes"`
	// Depth is the deepest nesting of arrays and objects; a scalar has depth 0.
	Depth uint32 `json:"depth"`
}
