//! The report of the shadow comparison, for the admin listener. Knows nothing of how events are judged.

use serde::Serialize;

use super::{
    file::ShadowState,
    settings::Settings,
    stats::{Counts, Listed, Stats},
};
use crate::revisions::Revision;

/// The shadow policy, and what it would change.
#[derive(Debug, Serialize)]
pub struct Report {
    shadow: ShadowPolicy,
    /// The current revision; `None`: no policy is loaded.
    against: Option<Against>,
    /// The start of the comparison, RFC 3339.
    since: String,
    /// Share of the events that are sampled.
    sample: f64,
    values_shown: bool,
    #[serde(flatten)]
    counts: Counts,
    changes: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct ShadowPolicy {
    path: String,
    state: &'static str,
    name: Option<String>,
    version: Option<String>,
    digest: Option<String>,
    /// Why it does not judge events.
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Against {
    digest: String,
}

impl Report {
    pub(super) fn new(settings: &Settings, shadow: &ShadowState, current: Option<&Revision>, stats: &Stats) -> Self {
        let (label, policy, digest, why) = match shadow {
            ShadowState::None => ("none", None, None, Some("there is no such file".to_owned())),
            ShadowState::Loading => ("loading", None, None, None),
            ShadowState::Ready(policy) => ("ready", Some(policy.catalog()), Some(policy.digest()), None),
            ShadowState::Refused { why, digest } => ("refused", None, digest.as_ref(), Some(why.clone())),
        };
        Self {
            shadow: ShadowPolicy {
                path: settings.path.display().to_string(),
                state: label,
                name: policy.map(|catalog| catalog.name.clone()),
                version: policy.map(|catalog| catalog.version.clone()),
                digest: digest.map(ToString::to_string),
                why,
            },
            against: current.map(|revision| Against {
                digest: revision.policy.digest().to_string(),
            }),
            since: stats.since.clone(),
            sample: settings.sample,
            values_shown: settings.show_values,
            counts: stats.counts(),
            changes: stats.changes(),
        }
    }
}
