//! Whether a policy may judge here: it passes its own examples, its channels lead somewhere, and it still accepts what
//! the policy before it accepts.

use std::{collections::BTreeSet, fmt, io, time::Duration};

use tidegate_engine::{EventTypeInfo, Fault, FaultKind, LoadError, Policy, PolicyCatalog, SelfTestReport};

use crate::revision::Retired;

/// Time that a policy has for its own examples: thousands of them, on a busy machine.
const SELF_TEST: Duration = Duration::from_secs(30);
/// Characters of what a policy says that are shown.
const SHOWN: usize = 500;

/// What a policy must fit.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// The channels that lead to a sink.
    pub channels: BTreeSet<String>,
    /// The version in which events leave; `None`: the latest of each type.
    pub target_version: Option<String>,
    /// The only policy that may run; `None`: any.
    pub pin: Option<Pin>,
    /// Whether a policy may take over that accepts less than the one before it.
    pub allow_dropped: bool,
}

/// SHA-256 of a policy's file, as [`tidegate_engine::Digest`] writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(String);

/// Why a file does not become the policy.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    /// It is larger than a policy may be.
    #[error("the file has {bytes} bytes; a policy may have {limit}")]
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// It is another than the one that is wanted.
    #[error("its digest is {digest}, and `policy.pin` allows {pin} alone")]
    Pinned {
        /// Its digest.
        digest: String,
        /// The one that is wanted.
        pin: String,
    },
    /// The gate rolled it back before.
    #[error("this very file was rolled back at {at}: {why}; change it, or make it the current policy with `tidegate policy promote` or `policy.pin`", at = .0.at, why = .0.why)]
    Denylisted(Retired),
    /// It is not a policy that can be run.
    #[error("it cannot be loaded")]
    Load(#[source] LoadError),
    /// It faulted on its own examples.
    #[error("it faults on its own examples")]
    SelfTestFault(#[source] Fault),
    /// It takes too long on its own examples.
    #[error("it does not come to the end of its own examples in {} s", SELF_TEST.as_secs())]
    SelfTestSlow,
    /// It does not do on its own examples what it says.
    #[error("it fails its self-test: {0}; `tidegate check` shows all of it")]
    SelfTest(String),
    /// It sends where nothing leads.
    #[error(
        "it sends on {channel:?}, which leads nowhere; add it under `channels`, which replaces the defaults as a whole"
    )]
    UnboundChannel {
        /// The channel.
        channel: String,
    },
    /// It does not know the version in which events are to leave.
    #[error("`policy.target_version` is {target:?}, and {event_type} has no such version")]
    NoTargetVersion {
        /// The version.
        target: String,
        /// The type that lacks it.
        event_type: String,
    },
    /// It accepts less than the current one.
    #[error("it no longer accepts {0}, which the current policy does; `policy.reload.allow_dropped` allows it")]
    Dropped(Dropped),
}

/// Types and versions that are accepted no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped(pub Vec<String>);

impl Pin {
    /// From the whole digest in hexadecimal, with or without `sha256:` before it; `None`: it is none.
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

    /// Looks at the digest, before anything is loaded.
    pub(crate) fn may_load(&self, digest: &str) -> Result<(), Refusal> {
        match self.pin() {
            Some(pin) if pin != digest => Err(Refusal::Pinned {
                digest: digest.to_owned(),
                pin: pin.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Tries a policy on its own examples.
    pub(crate) async fn test(policy: &Policy) -> Result<(), Refusal> {
        let report = tokio::time::timeout(SELF_TEST, policy.self_test()).await;
        let report: SelfTestReport = report
            .map_err(|_| Refusal::SelfTestSlow)?
            .map_err(Refusal::SelfTestFault)?;
        if report.passed() {
            return Ok(());
        }
        let failed = report.cases.iter().find_map(|case| {
            let problem = case.problems.first()?;
            let failed = format!("{} {}: {problem}", case.event_type, case.version);
            Some(failed.chars().take(SHOWN).collect())
        });
        let nothing = || "it names no event type".to_owned();
        Err(Refusal::SelfTest(failed.unwrap_or_else(nothing)))
    }

    /// Whether it fits the configuration, and may follow the policy that judges now.
    pub(crate) fn fits(&self, catalog: &PolicyCatalog, current: Option<&PolicyCatalog>) -> Result<(), Refusal> {
        if let Some(channel) = catalog.channels.iter().find(|name| !self.channels.contains(*name)) {
            return Err(Refusal::UnboundChannel {
                channel: channel.clone(),
            });
        }
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
    /// Whether the same file may be taken a moment later: the machine was at fault.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Read(_) | Self::SelfTestSlow => true,
            Self::SelfTestFault(fault) => fault.kind == FaultKind::Instantiate,
            _ => false,
        }
    }

    /// Whether policy and configuration do not fit together, so that either may be wrong.
    pub const fn is_misfit(&self) -> bool {
        matches!(
            self,
            Self::Pinned { .. } | Self::UnboundChannel { .. } | Self::NoTargetVersion { .. }
        )
    }
}

/// What `now` accepts and `next` does not, as `type` or `type version`.
fn dropped(now: &PolicyCatalog, next: &PolicyCatalog) -> Vec<String> {
    let mut dropped = Vec::new();
    for kind in now.event_types.iter().filter(|kind| kind.accepted) {
        let successor = next
            .event_types
            .iter()
            .find(|other| other.accepted && other.name == kind.name);
        match successor {
            None => dropped.push(kind.name.clone()),
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
