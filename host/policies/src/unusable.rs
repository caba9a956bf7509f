//! Why the gate cannot carry a decision out: a fault of the policy. Knows no event.

use tidegate_model::{scheduled_retry::LONGEST_DELAY, untrusted::Untrusted};

/// The most outputs of one event.
pub(crate) const MOST_OUTPUTS: usize = 64;

/// Why a decision is not usable: a fault of the policy.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// What is forwarded is sent somewhere.
    #[error("the policy forwards an event, and the event itself is not among its outputs")]
    NoOutput,
    /// An attribute has a name that would break an envelope.
    #[error("the policy sets an attribute {:?}, which none can be called", Untrusted(name))]
    BadAttribute {
        /// The name.
        name: String,
    },
    /// Outputs are named by the id, and so are claims.
    #[error("the policy forwards an event without its id")]
    NoId,
    /// A claim without a name would be the claim of all such events.
    #[error("the policy claims an event by an empty text")]
    EmptyClaim,
    /// A dead letter says why.
    #[error("the policy rejects an event and names no violation")]
    NoViolation,
    /// Only what its catalog announces is dropped.
    #[error(
        "the policy drops an event by the rule {:?}, which is none of its catalog's, and its type has a channel",
        Untrusted(rule.as_deref().unwrap_or_default())
    )]
    UnknownDropRule {
        /// The rule that it names.
        rule: Option<String>,
    },
    /// There are more outputs than an event may have.
    #[error("the policy made {0} outputs of one event; at most {MOST_OUTPUTS} are allowed")]
    TooManyOutputs(usize),
    /// Two outputs could not be told apart.
    #[error("the policy made two outputs with one id on the channel {:?}", Untrusted(channel))]
    SameOutput {
        /// The channel.
        channel: String,
    },
    /// A channel is not bound to a sink.
    #[error(
        "the policy publishes on the channel {:?}, which has no sink: add it under `channels`",
        Untrusted(channel)
    )]
    UnboundChannel {
        /// The channel.
        channel: String,
    },
    /// The time of an output is none.
    #[error(
        "the policy makes an output for {:?} that must not be sent before {:?}, which is no date and time with an offset",
        Untrusted(channel),
        Untrusted(stated)
    )]
    NotATime {
        /// The channel of the output.
        channel: String,
        /// What it states.
        stated: String,
    },
    /// The time of an output is further ahead than the gate keeps it.
    #[error(
        "the policy makes an output for {:?} that must not be sent before {:?}: that is more than {} days ahead",
        Untrusted(channel),
        Untrusted(stated),
        LONGEST_DELAY.as_secs() / (24 * 60 * 60)
    )]
    TooLate {
        /// The channel of the output.
        channel: String,
        /// What it states.
        stated: String,
    },
    /// An output is not JSON: it would break its envelope.
    #[error("the policy made an output for {:?} that is not JSON", Untrusted(channel))]
    NotJson {
        /// The channel of the output.
        channel: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

impl Unusable {
    /// The kind of fault as one word, for metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoId => "no-id",
            Self::NoOutput => "no-output",
            Self::BadAttribute { .. } => "bad-attribute",
            Self::EmptyClaim => "empty-claim",
            Self::NoViolation => "no-violation",
            Self::UnknownDropRule { .. } => "unknown-drop-rule",
            Self::TooManyOutputs(_) => "too-many-outputs",
            Self::SameOutput { .. } => "same-output",
            Self::UnboundChannel { .. } => "unbound-channel",
            Self::NotATime { .. } => "not-a-time",
            Self::TooLate { .. } => "too-late",
            Self::NotJson { .. } => "not-json",
        }
    }
}
