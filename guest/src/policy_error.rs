//! Why a bundle and code do not make a policy. Knows no policy.

use crate::bundle::BundleError;
use crate::schema::SchemaError;

/// Deeper nesting than this could exhaust the stack of whatever walks the value.
pub(crate) const MAX_DEPTH: u32 = 256;

/// Why a bundle and code do not make a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The bundle cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A schema does not compile.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The depth limit is 0 or more than 256.
    #[error("limits.depth must be from 1 to {MAX_DEPTH}, is {0}")]
    Depth(u32),
    /// Two names of the envelope cannot both be stated.
    #[error("envelope: no event can state its {one} and its {other} there: name two members, neither inside the other")]
    Places {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// An event type has no version.
    #[error("the event type {0} has no version: name the file of its schema under `versions`")]
    NoVersion(String),
    /// The file of a schema is not there.
    #[error("there is no {file}, the schema of {event_type} {version}")]
    NoSchema {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
        /// The file.
        file: String,
    },
    /// A type has several versions, and no place to state one.
    #[error("{0} has more than one version, and the envelope says nowhere that an event states its version")]
    NoVersionPlace(String),
    /// A type has several versions and no default.
    #[error("{event_type} needs a default_version, one of: {known}")]
    NoDefault {
        /// The event type.
        event_type: String,
        /// Its versions.
        known: String,
    },
    /// The default version is none of the type's.
    #[error("the default_version {default} of {event_type} is none of its versions: {known}")]
    OtherDefault {
        /// The event type.
        event_type: String,
        /// The default.
        default: String,
        /// Its versions.
        known: String,
    },
    /// The target version is none of the type's.
    #[error("the target_version {target} of {event_type} is none of its versions: {known}")]
    OtherTarget {
        /// The event type.
        event_type: String,
        /// The target.
        target: String,
        /// Its versions.
        known: String,
    },
    /// An event of this version could not leave.
    #[error("nothing leads from {event_type} {from} to {to}, in which events leave: add a migration")]
    NoMigration {
        /// The event type.
        event_type: String,
        /// The version.
        from: String,
        /// The target version.
        to: String,
    },
    /// A migration makes no sense.
    #[error("a migration of {event_type}: {problem}")]
    Migration {
        /// The event type.
        event_type: String,
        /// What is wrong.
        problem: String,
    },
    /// A migration for several types makes no sense.
    #[error("migrations: from {from} to {to}: {problem}")]
    SharedMigration {
        /// The older version.
        from: String,
        /// The newer version.
        to: String,
        /// What is wrong.
        problem: String,
    },
    /// A rule for several types is for none, or for one that is not there.
    #[error("rules: {id}: {problem}")]
    SharedRule {
        /// Its id.
        id: String,
        /// Its index among `rules`.
        at: usize,
        /// What is wrong.
        problem: String,
    },
    /// An expression cannot be understood, or is for nothing.
    #[error("{what} of {event_type}: {problem}")]
    Expression {
        /// The event type.
        event_type: String,
        /// Which expression.
        what: String,
        /// The keys and indices of the manifest that lead to it.
        path: Vec<String>,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// Conditions are about the latest version, and an event of another cannot become one.
    #[error(
        "rules and conditions of {event_type} are about {latest}, and nothing leads there from {from}: add a migration, or name the `versions` of each rule"
    )]
    NotLatest {
        /// The event type.
        event_type: String,
        /// The version.
        from: String,
        /// The latest version.
        latest: String,
    },
    /// What follows from a type makes no sense.
    #[error("emits of {event_type}: {problem}")]
    Emits {
        /// The event type.
        event_type: String,
        /// What is wrong.
        problem: String,
    },
    /// A schema has no example, and none can be made by migrating that of the previous version.
    #[error(
        "the schema of {event_type} {version} has no `examples`: add a valid event, since none can be made of an older version"
    )]
    NoExample {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
    },
    /// A schema's own example is not valid.
    #[error("the example of {event_type} {version} is not valid: {problem}")]
    BadExample {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
        /// The first violation.
        problem: String,
    },
    /// An attribute stands for a name that the envelope has no place for.
    #[error("cloudevents: {0} is an attribute, and the envelope has no place for it")]
    NoPlace(&'static str),
    /// The data has a place, and nothing tells a bare event from one with attributes.
    #[error(
        "cloudevents: the data stands at the payload, so name the attribute of the `type`, and the place of the envelope's `payload`"
    )]
    Payload,
    /// An event with attributes could not state a name.
    #[error(
        "cloudevents: the {0} stands outside of the payload, and no attribute states it: name one, or a place in the payload"
    )]
    NoAttribute(&'static str),
    /// An attribute can have no such name.
    #[error(
        "cloudevents: {0:?} is no attribute that a policy can read and set: its name has small letters and digits, and it is none that an envelope, a sidecar or a gate gives a meaning of its own"
    )]
    AttributeName(String),
    /// One attribute would state two names.
    #[error("cloudevents: the attribute {0} stands for two names")]
    SameAttribute(String),
    /// Two attributes would state one name.
    #[error(
        "cloudevents: {one} and {other} both stand for {place}, and only one of them could be read: keep one, or give the key a place of its own"
    )]
    TwoAttributes {
        /// The one.
        one: String,
        /// The other.
        other: String,
        /// The place.
        place: String,
    },
    /// An alert of a dead letter would stand among the dead letters.
    #[error("alerts: {0} is the channel of the dead letters: name another one")]
    AlertOfItself(String),
    /// Too many channels have alerts.
    #[error("alerts: there are {0} channels; at most 63 are allowed")]
    TooManyAlerts(usize),
    /// Dead letters are no events of the policy.
    #[error("dead_letters: the type {0:?} is empty, or one of the event types")]
    DeadLetterType(String),
    /// Events have no id.
    #[error("envelope: no `id`: name its place, or the members of which it is made, or set `idempotency: off`")]
    NoId,
    /// A channel receives alerts about a type that is none.
    #[error("alerts: {channel} receives alerts about {event_type}, which is none of the event types")]
    NoAlertType {
        /// The channel.
        channel: String,
        /// The type.
        event_type: String,
    },
    /// A channel has no name.
    #[error("{0}: a channel has a name")]
    NoChannel(&'static str),
}
