//! The types of `wit/policy.wit` as Rust sees them. Names, order and meaning are the contract's; nothing else is here.
//!
//! They serialize to the JSON of the golden vectors: `snake_case` members in the contract's order.

use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, Lift, Lower};

/// Writes one record or enum of the contract with the derives that all of them share.
macro_rules! contract {
    ($($(#[$doc:meta])* record $name:ident { $($(#[$field_doc:meta])* $wit:literal $field:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ComponentType, Lift, Lower)]
        #[component(record)]
        pub struct $name {
            $($(#[$field_doc])* #[component(name = $wit)] pub $field: $ty,)*
        }
    )*};
    ($($(#[$doc:meta])* enum $name:ident { $($(#[$case_doc:meta])* $wit:literal $case:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ComponentType, Lift, Lower)]
        #[component(enum)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$case_doc])* #[component(name = $wit)] #[serde(rename = $wit)] $case,)*
        }

        impl $name {
            /// The case as the contract writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $wit,)* }
            }
        }
    )*};
}

contract! {
    /// How far a rejected event got.
    enum RejectionCause {
        /// It could not be read as one unambiguous JSON object.
        "unreadable" Unreadable,
        /// It was read, but its type or version is not in the catalog.
        "unknown" Unknown,
        /// Type and version are known, and the event breaks their schema or rules.
        "invalid" Invalid,
    }

    /// Why an event could not be migrated.
    enum MigrationCause {
        /// The event is not valid to begin with.
        "rejected" Rejected,
        /// No steps lead from its version to the wanted one.
        "no-path" NoPath,
        /// A step found something that it could not carry over.
        "step-failed" StepFailed,
        /// The result breaks the schema of the wanted version.
        "invalid-result" InvalidResult,
    }

    /// What to do with an event that failed.
    enum Action {
        /// Try again after the delay.
        "retry" Retry,
        /// Give it up.
        "dead-letter" DeadLetter,
    }

    /// Where an event ends.
    enum Decision {
        /// Send the outputs.
        "forward" Forward,
        /// Valid, and to be sent nowhere.
        "drop" Drop,
        /// Invalid; it belongs in a dead letter.
        "reject" Reject,
    }

    /// How the bytes of an original are written as a string.
    enum Encoding {
        /// They are UTF-8 and stand as they are.
        "text" Text,
        /// They are not UTF-8: base64 with padding.
        "base64" Base64,
    }
}

contract! {
    /// One reason why an event is invalid.
    record Violation {
        /// What is wrong, for programs; the codes stand in `wit/policy.wit`.
        "code" code: String,
        /// JSON Pointer to the value at fault.
        "path" path: String,
        /// For people.
        "message" message: String,
    }

    /// What a valid event is.
    record Accepted {
        /// `event_id`.
        "event-id" event_id: String,
        /// `event_type`.
        "event-type" event_type: String,
        /// `event_version`, or what an absent one stands for.
        "event-version" event_version: String,
        /// The partition key: `user_id`.
        "key" key: String,
    }

    /// Why an event is not valid.
    record Rejection {
        /// How far it got.
        "cause" cause: RejectionCause,
        /// `event_id` when it could be read.
        "event-id" event_id: Option<String>,
        /// `event_type` when it could be read.
        "event-type" event_type: Option<String>,
        /// Everything that is wrong, at least one, by path and then by code.
        "violations" violations: Vec<Violation>,
    }

    /// One version of an event type.
    record VersionInfo {
        /// The value of `event_version`.
        "version" version: String,
        /// A valid event of this type and version.
        "example" example: String,
    }

    /// One event type.
    record EventTypeInfo {
        /// The value of `event_type`.
        "name" name: String,
        /// Its versions, oldest first.
        "versions" versions: Vec<VersionInfo>,
        /// The version that `process` migrates to when none is asked for.
        "latest" latest: String,
        /// False for types that the policy sends and never takes in.
        "accepted" accepted: bool,
        /// The channel on which it leaves; `None`: dropped.
        "channel" channel: Option<String>,
        /// Milliseconds to wait before each retry.
        "retry-delays-ms" retry_delays_ms: Vec<u32>,
    }

    /// Bounds within which the policy reads events.
    record PolicyLimits {
        /// Longest event, in bytes.
        "event-bytes" event_bytes: u32,
        /// Deepest nesting.
        "depth" depth: u32,
    }

    /// What a policy knows and what it may do.
    record PolicyCatalog {
        /// Name of the policy.
        "name" name: String,
        /// Version of the policy.
        "version" version: String,
        /// All event types, sorted by name.
        "event-types" event_types: Vec<EventTypeInfo>,
        /// Every channel on which the policy may send, sorted.
        "channels" channels: Vec<String>,
        /// Bounds of an event.
        "limits" limits: PolicyLimits,
    }

    /// An event in the wanted version.
    record Migrated {
        /// The new text; `None`: right as it came.
        "event" event: Option<String>,
        /// The version it had.
        "from-version" from_version: String,
        /// The version it has now.
        "to-version" to_version: String,
        /// The versions it went through, both ends among them.
        "path" path: Vec<String>,
    }

    /// A migration that did not happen.
    record MigrationFailure {
        /// What stopped it.
        "cause" cause: MigrationCause,
        /// The event's type, when known.
        "event-type" event_type: Option<String>,
        /// The event's version, when known.
        "from-version" from_version: Option<String>,
        /// The version that was asked for.
        "to-version" to_version: String,
        /// What is wrong, at least one.
        "violations" violations: Vec<Violation>,
    }

    /// The retries that a type gets.
    record Schedule {
        /// How many retries follow the first attempt.
        "max-retries" max_retries: u32,
        /// Milliseconds to wait before each.
        "delays-ms" delays_ms: Vec<u32>,
    }

    /// What to do with an event that failed, and when.
    record RetryPlan {
        /// What to do.
        "action" action: Action,
        /// Milliseconds to wait before the next attempt.
        "delay-ms" delay_ms: u32,
        /// Retries left after the one decided here.
        "retries-left" retries_left: u32,
    }

    /// What the policy has to be told.
    record Context {
        /// The time to judge by, RFC 3339 with an offset.
        "now" now: String,
        /// The version in which the event shall leave; `None`: the latest of its type.
        "target-version" target_version: Option<String>,
    }

    /// The arguments do not make sense: the caller's fault.
    record Misuse {
        /// What to change in the call.
        "message" message: String,
    }

    /// One event to send.
    record Output {
        /// The channel, one of the catalog's.
        "channel" channel: String,
        /// The partition key.
        "key" key: String,
        /// Id of the event to send, derived from the input.
        "id" id: String,
        /// Type of the event to send.
        "event-type" event_type: String,
        /// Its text; `None`: the event leaves as it came.
        "event" event: Option<String>,
    }

    /// The judgement of one event.
    record Decided {
        /// Where it ends.
        "decision" decision: Decision,
        /// Why, in one line.
        "reason" reason: String,
        /// `event_id` of the event judged, when it could be read.
        "event-id" event_id: Option<String>,
        /// `event_type` of the event judged, when it could be read.
        "event-type" event_type: Option<String>,
        /// `event_version` of the event judged, when known.
        "event-version" event_version: Option<String>,
        /// What to send, in this order.
        "outputs" outputs: Vec<Output>,
        /// What is wrong; empty unless rejected.
        "violations" violations: Vec<Violation>,
    }

    /// What a publisher has in hand before there is an event.
    record Draft {
        /// Type of the event.
        "event-type" event_type: String,
        /// Its version; `None`: the oldest of the type.
        "event-version" event_version: Option<String>,
        /// The task, as a JSON integer of any size.
        "task-id" task_id: String,
        /// The user.
        "user-id" user_id: String,
        /// The payload, as the text of a JSON object.
        "payload" payload: String,
        /// The id; `None`: `{event-type}-{task-id}-{timestamp}`.
        "event-id" event_id: Option<String>,
        /// When it happened; `None`: now.
        "timestamp" timestamp: Option<String>,
    }

    /// An event made from a draft.
    record Composed {
        /// Its id.
        "event-id" event_id: String,
        /// Its text.
        "event" event: String,
    }

    /// An event that is given up.
    record FailedEvent {
        /// The event as it arrived, complete.
        "original" original: String,
        /// How `original` is to be read.
        "encoding" encoding: Encoding,
        /// Why it is given up, in one line.
        "error" error: String,
        /// Retries made after the first attempt.
        "retry-count" retry_count: u32,
        /// What is wrong with it.
        "violations" violations: Vec<Violation>,
        /// Where it came from.
        "source" source: String,
        /// Digest of the policy that judged it.
        "policy" policy: String,
    }
}

impl Context {
    /// Judge at the time `now` and bring events to the latest version.
    pub fn at(now: impl Into<String>) -> Self {
        Self {
            now: now.into(),
            target_version: None,
        }
    }
}
