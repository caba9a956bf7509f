//! Whether a policy may become the current one: it passes its self-test, its channels are bound, and it accepts what the
//! policy before it accepts. Knows nothing of when a policy is loaded, and of what replaces it.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use tidegate_engine::{EventTypeInfo, Fault, FaultKind, LoadError, Policy, PolicyCatalog, SelfTestReport};
use tidegate_folder::FolderError;
use tidegate_model::dead_letter::{BadTemplate, Template};
use tidegate_text::cut;

use crate::revisions::Retired;

/// Time limit of a self-test: thousands of examples, on a busy machine.
const SELF_TEST: Duration = Duration::from_secs(30);
/// Channels that one dead letter may go to, with its alerts.
const MOST_ALERTED: usize = 64;
/// Characters that are shown of a failed example.
const SHOWN: usize = 500;

/// What a policy must fit to be admitted.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// The channels that are bound to a sink.
    pub channels: BTreeSet<String>,
    /// The version in which events are published; `None`: that of each type.
    pub target_version: Option<String>,
    /// The only policy that may run; `None`: any.
    pub pin: Option<Pin>,
    /// Whether a policy may accept less than the one before it.
    pub allow_dropped: bool,
}

/// SHA-256 of a policy's file, as [`tidegate_engine::Digest`] writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(String);

/// Why a policy's file is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// The folder is no policy.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It was another one each time that it was read.
    #[error("it keeps changing: write the policy to another file, and rename that")]
    Changing,
    /// It is larger than a policy may be.
    #[error("the file has {bytes} bytes; a policy may have {limit}")]
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// It is not the pinned one.
    #[error("its digest is {digest}, and `policy.pin` allows {pin} alone")]
    Pinned {
        /// Its digest.
        digest: String,
        /// The pinned one.
        pin: String,
    },
    /// The gate rolled it back before.
    #[error("this very file was rolled back at {at}: {why}; `tidegate policy rollback --to DIGEST` makes it current again while it is in memory, `tidegate policy promote` and `policy.pin` at any time; or change it", at = .0.at, why = .0.why)]
    Denylisted(Retired),
    /// It is not a policy that can be loaded.
    #[error("it cannot be loaded")]
    Load(#[source] LoadError),
    /// It faults in its self-test.
    #[error("it faults on its own examples")]
    SelfTestFault(#[source] Fault),
    /// Its self-test takes too long.
    #[error("its self-test did not finish in {} s; if the machine was too busy, `tidegate policy reload` tries again", SELF_TEST.as_secs())]
    SelfTestSlow,
    /// It fails its self-test.
    #[error("it fails its self-test: {0}; `tidegate check` shows all of it")]
    SelfTest(String),
    /// It publishes on a channel without a sink.
    #[error(
        "it publishes on the channel {channel:?}, which has no sink; add it under `channels`, which replaces the defaults as a whole"
    )]
    UnboundChannel {
        /// The channel.
        channel: String,
    },
    /// A channel would be told twice of one dead letter, or too many would be.
    #[error("its dead letters go to {channels} channels with their alerts: name each once, and at most {MOST_ALERTED}")]
    Alerts {
        /// How many it names.
        channels: usize,
    },
    /// Its dead letters cannot be built.
    #[error("its dead letters cannot be built")]
    Template(#[source] Box<BadTemplate>),
    /// It does not know the target version.
    #[error("`policy.target_version` is {target:?}, and {event_type} has no such version")]
    NoTargetVersion {
        /// The version.
        target: String,
        /// The type that lacks it.
        event_type: String,
    },
    /// It accepts less than the current policy.
    #[error("it no longer accepts {0}, which the current policy does; `policy.reload.allow_dropped` allows it")]
    Dropped(Dropped),
}

/// Types and versions that are not accepted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped(pub Vec<String>);

impl Pin {
    /// From a whole digest in hexadecimal, with or without `sha256:`; `None`: it is not a digest.
    pub fn new(digest: &str) -> Option<Self> {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
        let is_digest = hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_digest.then(|| Self(format!("sha256:{hex}")))
    }

    /// Such as `sha256:9f86d0…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Admission {
    /// The digest of the only policy that may run, when there is one.
    pub fn pin(&self) -> Option<&str> {
        self.pin.as_ref().map(Pin::as_str)
    }

    /// Checks the digest, before the policy is loaded.
    pub(crate) fn may_load(&self, digest: &str) -> Result<(), Refusal> {
        match self.pin() {
            Some(pin) if pin != digest => Err(Refusal::Pinned {
                digest: digest.to_owned(),
                pin: pin.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Runs the self-test of a policy.
    pub(crate) async fn test(policy: &Policy) -> Result<(), Refusal> {
        let report = tokio::time::timeout(SELF_TEST, policy.self_test()).await;
        let report: SelfTestReport = report
            .map_err(|_| Refusal::SelfTestSlow)?
            .map_err(Refusal::SelfTestFault)?;
        match report.first_problem() {
            None => Ok(()),
            Some(problem) => Err(Refusal::SelfTest(cut::split(&problem, SHOWN).0.to_owned())),
        }
    }

    /// Whether it fits the configuration, and may replace the current policy.
    pub(crate) fn fits(&self, catalog: &PolicyCatalog, current: Option<&PolicyCatalog>) -> Result<(), Refusal> {
        if let Some(channel) = catalog.channels.iter().find(|name| !self.channels.contains(*name)) {
            return Err(Refusal::UnboundChannel {
                channel: channel.clone(),
            });
        }
        for channel in alerted(catalog)? {
            if !self.channels.contains(channel) {
                return Err(Refusal::UnboundChannel {
                    channel: channel.to_owned(),
                });
            }
        }
        Template::of(catalog.dead_letters.template.as_deref()).map_err(|bad| Refusal::Template(Box::new(bad)))?;
        if let Some(target) = &self.target_version {
            let lacks = |kind: &&EventTypeInfo| kind.accepted && !versions(kind).any(|version| version == target);
            if let Some(kind) = catalog.event_types.iter().find(lacks) {
                return Err(Refusal::NoTargetVersion {
                    target: target.clone(),
                    event_type: kind.name.clone(),
                });
            }
        }
        let dropped = current.map_or_else(Vec::new, |current| dropped(current, catalog));
        if dropped.is_empty() || self.allow_dropped {
            Ok(())
        } else {
            Err(Refusal::Dropped(Dropped(dropped)))
        }
    }
}

impl Refusal {
    /// Whether the same file may be accepted later: the machine was at fault, not the policy.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Read(_) | Self::Changing => true,
            Self::SelfTestFault(fault) => fault.kind == FaultKind::Instantiate,
            Self::Folder(error) => error.is_of_the_machine(),
            _ => false,
        }
    }

    /// Whether there is no file.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Read(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether policy and configuration do not fit together: either may be wrong.
    pub const fn is_misfit(&self) -> bool {
        matches!(
            self,
            Self::Pinned { .. } | Self::UnboundChannel { .. } | Self::NoTargetVersion { .. }
        )
    }
}

/// The channels that a dead letter goes to: its own, and those of its alerts.
fn alerted(catalog: &PolicyCatalog) -> Result<BTreeSet<&str>, Refusal> {
    let named = catalog.alerts.len() + 1;
    let alerts = catalog.alerts.iter().map(|alert| &*alert.channel);
    let channels: BTreeSet<&str> = alerts.chain([&*catalog.dead_letters.channel]).collect();
    if channels.len() < named || named > MOST_ALERTED {
        return Err(Refusal::Alerts { channels: named });
    }
    Ok(channels)
}

/// What `current` accepts and `next` does not, as `type` or `type version`; and what it sends and `next` would drop. A gate refuses
/// such a policy unless it is allowed.
pub fn dropped(current: &PolicyCatalog, next: &PolicyCatalog) -> Vec<String> {
    let mut dropped = Vec::new();
    for kind in current.event_types.iter().filter(|kind| kind.accepted) {
        let successor = next
            .event_types
            .iter()
            .find(|other| other.accepted && other.name == kind.name);
        match successor {
            None => dropped.push(kind.name.clone()),
            Some(successor) if successor.channels.is_empty() && !kind.channels.is_empty() => {
                dropped.push(format!("{}, which has no channel any more", kind.name));
            }
            Some(successor) => dropped.extend(
                versions(kind)
                    .filter(|version| !versions(successor).any(|other| other == *version))
                    .map(|version| format!("{} {version}", kind.name)),
            ),
        }
    }
    dropped
}

fn versions(kind: &EventTypeInfo) -> impl Iterator<Item = &str> {
    kind.versions.iter().map(|version| version.version.as_str())
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}
