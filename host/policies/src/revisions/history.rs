//! The revisions of this process: which are kept in memory, when each was replaced, and which one to roll back to. Knows
//! nothing of why the gate rolls back.

use std::{cmp::Reverse, collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};
use tidegate_model::{clock, revision::RevisionId};

use super::{record::Record, revision::Revision, tally::Counts};

/// Revisions that are listed.
const LISTED: usize = 16;
/// Revisions whose policy is kept, the current one among them.
const KEPT: usize = 3;

/// All revisions, the newest first.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: VecDeque<Entry>,
    numbers: u64,
    retirements: u64,
}

#[derive(Debug)]
struct Entry {
    record: Arc<Record>,
    /// `None`: its policy is no longer in memory.
    kept: Option<Arc<Revision>>,
    /// `None`: it is the current one.
    retired: Option<Retirement>,
}

#[derive(Debug)]
struct Retirement {
    /// Counts up with each retirement.
    order: u64,
    /// Whether it was rolled back, and not superseded by a newer one.
    rolled_back: bool,
    retired: Retired,
}

/// When and why a revision was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub why: String,
}

/// A revision as it is listed.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its record.
    pub record: Arc<Record>,
    /// Whether it decides, or could again.
    pub state: RevisionState,
    /// When it was replaced; `None`: it is the current one.
    pub retired: Option<Retired>,
}

/// Whether a revision decides, or could again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevisionState {
    /// It decides.
    Current,
    /// Its policy is in memory: the gate can roll back to it.
    Kept,
    /// Its policy is no longer in memory.
    Discarded,
}

/// Why the gate does not roll back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRollBack {
    /// No policy is loaded.
    #[error("no policy is loaded")]
    NoPolicy,
    /// Another one took over meanwhile.
    #[error("the revision to roll back is no longer the current one")]
    NotCurrent,
    /// There was none before, or all were rolled back.
    #[error("there is no earlier revision to roll back to: {0}")]
    NoneBefore(Kept),
    /// It is not in memory.
    #[error("the gate cannot roll back to {to}: {kept}; its file can be put back in place")]
    NotKept {
        /// The requested digest.
        to: String,
        /// The revisions in memory.
        kept: Kept,
    },
    /// Several kept digests begin so.
    #[error("more than one digest begins with {to}: {named}; give more digits")]
    Ambiguous {
        /// The beginning of a digest that was requested.
        to: String,
        /// The revisions that it names.
        named: Kept,
    },
    /// It is the current one already.
    #[error("{0} is the current revision")]
    IsCurrent(RevisionId),
}

/// Revisions that the gate can roll back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept(Vec<RevisionId>);

impl History {
    /// The number of the next revision.
    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Adds a new revision. `replaced`: the number of the one that it supersedes, and why. An older revision with the same
    /// policy is not kept beside it.
    pub(super) fn enter(&mut self, revision: &Arc<Revision>, replaced: Option<(u64, String)>) {
        if let Some((number, why)) = replaced {
            self.retire(number, &why, false);
        }
        for entry in &mut self.entries {
            if entry.record.id.digest == revision.id().digest {
                entry.kept = None;
            }
        }
        self.entries.push_front(Entry {
            record: revision.record.clone(),
            kept: Some(revision.clone()),
            retired: None,
        });
        self.discard();
        while self.entries.len() > LISTED
            && let Some(oldest) = self.entries.iter().rposition(|entry| entry.kept.is_none())
        {
            self.entries.remove(oldest);
        }
    }

    /// Makes another revision the current one, and returns it.
    pub(super) fn roll_back(
        &mut self,
        from: &RevisionId,
        to: Option<&str>,
        why: &str,
    ) -> Result<Arc<Revision>, CannotRollBack> {
        let target = match to {
            Some(to) => self.named(from, to)?,
            None => self
                .kept()
                .filter(|entry| entry.retired.as_ref().is_some_and(|retired| !retired.rolled_back))
                .max_by_key(|entry| entry.order()),
        };
        let Some(revision) = target.and_then(|entry| entry.kept.clone()) else {
            return Err(match to {
                Some(to) if is_named_by(from, to) => CannotRollBack::IsCurrent(from.clone()),
                Some(to) => CannotRollBack::NotKept {
                    to: to.to_owned(),
                    kept: self.ids_kept(),
                },
                None => CannotRollBack::NoneBefore(self.ids_kept()),
            });
        };
        let number = revision.id().number;
        // A revision that a later one replaces is superseded, and may be rolled back to.
        self.retire(from.number, why, number < from.number);
        for entry in self.entries.iter_mut().filter(|entry| entry.record.id.number == number) {
            entry.retired = None;
        }
        Ok(revision)
    }

    /// The counts of the last revision with at least `min_events`, the current one first. One that was rolled back is no
    /// baseline.
    pub(super) fn baseline(&self, min_events: u64) -> Option<Counts> {
        let is_good = |entry: &&Entry| entry.retired.as_ref().is_none_or(|retired| !retired.rolled_back);
        let mut good: Vec<_> = self.entries.iter().filter(is_good).collect();
        good.sort_by_key(|entry| Reverse(entry.order()));
        good.iter()
            .find_map(|entry| entry.record.tally.counts_of_at_least(min_events))
    }

    /// When and why the policy of this digest was rolled back, if it was, and has not decided since.
    pub(super) fn denylisted(&self, digest: &str) -> Option<Retired> {
        let of_it = self.entries.iter().filter(|entry| entry.record.id.digest == digest);
        let retirement = of_it.max_by_key(|entry| entry.order())?.retired.as_ref()?;
        retirement.rolled_back.then(|| retirement.retired.clone())
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        let listed = |entry: &Entry| Listed {
            record: entry.record.clone(),
            state: match (&entry.retired, &entry.kept) {
                (None, _) => RevisionState::Current,
                (Some(_), Some(_)) => RevisionState::Kept,
                (Some(_), None) => RevisionState::Discarded,
            },
            retired: entry.retired.as_ref().map(|retirement| retirement.retired.clone()),
        };
        self.entries.iter().map(listed).collect()
    }

    fn retire(&mut self, number: u64, why: &str, rolled_back: bool) {
        self.retirements += 1;
        let order = self.retirements;
        for entry in self.entries.iter_mut().filter(|entry| entry.record.id.number == number) {
            entry.retired = Some(Retirement {
                order,
                rolled_back,
                retired: Retired {
                    at: clock::now(),
                    why: why.to_owned(),
                },
            });
        }
    }

    /// Drops policies from memory, those first that were replaced first.
    fn discard(&mut self) {
        while self.entries.iter().filter(|entry| entry.kept.is_some()).count() > KEPT {
            let kept = self.entries.iter_mut().filter(|entry| entry.kept.is_some());
            if let Some(first) = kept
                .filter(|entry| entry.retired.is_some())
                .min_by_key(|entry| entry.order())
            {
                first.kept = None;
            }
        }
    }

    /// The revisions in memory, without the current one.
    fn kept(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.retired.is_some() && entry.kept.is_some())
    }

    /// The revision in memory that `to` names, other than `from`.
    fn named(&self, from: &RevisionId, to: &str) -> Result<Option<&Entry>, CannotRollBack> {
        let is_named = |entry: &&Entry| entry.record.id.digest != from.digest && is_named_by(&entry.record.id, to);
        let named: Vec<_> = self.kept().filter(is_named).collect();
        match &named[..] {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => Err(CannotRollBack::Ambiguous {
                to: to.to_owned(),
                named: Kept(several.iter().map(|entry| entry.record.id.clone()).collect()),
            }),
        }
    }

    fn ids_kept(&self) -> Kept {
        Kept(self.kept().map(|entry| entry.record.id.clone()).collect())
    }
}

impl Entry {
    fn order(&self) -> u64 {
        self.retired.as_ref().map_or(u64::MAX, |retired| retired.order)
    }
}

/// Whether a digest, or the beginning of one, names this revision. `sha256:` may be left out.
fn is_named_by(id: &RevisionId, digest: &str) -> bool {
    let hex = |digest: &str| digest.trim_start_matches("sha256:").to_ascii_lowercase();
    let wanted = hex(digest);
    !wanted.is_empty() && hex(&id.digest).starts_with(&wanted)
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0[..] {
            [] => f.write_str("none is kept"),
            [one] => write!(f, "{one} is kept"),
            [first, rest @ ..] => {
                write!(f, "{first}")?;
                rest.iter().try_for_each(|id| write!(f, ", {id}"))?;
                f.write_str(" are kept")
            }
        }
    }
}
