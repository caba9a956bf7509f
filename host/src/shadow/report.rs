//! The report of a candidate, as `GET /admin/shadow` shows it.

use serde::Serialize;

use super::{
    book::{Book, Counts, Listed},
    candidate::Standing,
};
use crate::{config, revision::Revision};

/// What is known of the candidate, and what it would change.
#[derive(Debug, Serialize)]
pub struct Report {
    candidate: ShadowPolicy,
    /// The policy in force; `None`: none is.
    against: Option<Against>,
    /// RFC 3339: since both of them are there, or the gate is.
    since: String,
    /// Share of the events that the candidate gets.
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
    /// Why it does not judge.
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Against {
    revision: u64,
    digest: String,
}

impl Report {
    pub(super) fn new(
        settings: &config::ShadowPolicy,
        standing: &Standing,
        current: Option<&Revision>,
        book: &Book,
    ) -> Self {
        let (state, policy, digest, why) = match standing {
            Standing::None => ("none", None, None, Some("there is no such file".to_owned())),
            Standing::Loading => ("loading", None, None, None),
            Standing::Ready(policy) => ("ready", Some(policy.catalog()), Some(policy.digest()), None),
            Standing::Refused { why, digest } => ("refused", None, digest.as_ref(), Some(why.clone())),
        };
        Self {
            candidate: ShadowPolicy {
                path: settings.path.display().to_string(),
                state,
                name: policy.map(|catalog| catalog.name.clone()),
                version: policy.map(|catalog| catalog.version.clone()),
                digest: digest.map(ToString::to_string),
                why,
            },
            against: current.map(|revision| Against {
                revision: revision.label().number,
                digest: revision.policy.digest().to_string(),
            }),
            since: book.since.clone(),
            sample: settings.sample,
            values_shown: settings.show_values,
            counts: book.counts(),
            changes: book.changes(),
        }
    }
}
