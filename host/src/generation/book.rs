//! The revisions there were: which policies are kept, when each was left, and which one to go back to.

use std::{cmp::Reverse, collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Counts, Revision, Label, Record};
use crate::clock;

/// Revisions that are listed.
const LISTED: usize = 16;
/// Revisions whose policy is kept, the current one among them.
const KEPT: usize = 3;

/// All revisions, the newest first.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: VecDeque<Entry>,
    numbers: u64,
    leavings: u64,
}

#[derive(Debug)]
struct Entry {
    record: Arc<Record>,
    /// `None`: its policy is gone.
    kept: Option<Arc<Revision>>,
    /// `None`: it is the current one.
    left: Option<Leaving>,
}

#[derive(Debug)]
struct Leaving {
    /// Counts up with each leaving.
    order: u64,
    /// Whether the gate went back from it.
    went_back: bool,
    left: Left,
}

/// When and why a revision was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub why: String,
}

/// A revision as it is listed.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What is known of it.
    pub record: Arc<Record>,
    /// Whether it judges, or could again.
    pub standing: Standing,
    /// When it was left; `None`: it is the current one.
    pub left: Option<Left>,
}

/// Whether a revision judges, or could again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It judges.
    Current,
    /// Its policy is kept: the gate can go back to it.
    Kept,
    /// Its policy is gone.
    Left,
}

/// The gate went back from one revision to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// The one that was left.
    pub from: Label,
    /// The one that judges now.
    pub to: Label,
    /// Why.
    pub why: String,
}

/// Why the gate does not go back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRollBack {
    /// There is none at all.
    #[error("no policy is loaded")]
    NoPolicy,
    /// Another one took over in the meantime.
    #[error("revision {from} is not the current one any more")]
    NotCurrent {
        /// The one to be left.
        from: u64,
    },
    /// There was none before, or the gate went back from all of them.
    #[error("there is no earlier revision to go back to: {0}")]
    NoneBefore(Kept),
    /// It is not there.
    #[error("revision {to} cannot be gone back to: {kept}; its file can be put back")]
    NotKept {
        /// The one that was asked for.
        to: u64,
        /// Those that are there.
        kept: Kept,
    },
    /// It judges already.
    #[error("revision {0} is the current one")]
    IsCurrent(u64),
}

/// Revisions that the gate can go back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept(Vec<u64>);

impl Book {
    /// The number of the next revision.
    pub(super) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Enters a new revision, and that another was left for it.
    pub(super) fn enter(&mut self, revision: &Arc<Revision>, left: Option<(u64, String)>) {
        if let Some((number, why)) = left {
            self.leave(number, &why, false);
        }
        self.entries.push_front(Entry {
            record: revision.record.clone(),
            kept: Some(revision.clone()),
            left: None,
        });
        self.let_go();
        while self.entries.len() > LISTED
            && let Some(oldest) = self.entries.iter().rposition(|entry| entry.kept.is_none())
        {
            self.entries.remove(oldest);
        }
    }

    /// The revision to go back to, which is the current one from then on.
    pub(super) fn go_back(&mut self, from: u64, to: Option<u64>, why: &str) -> Result<Arc<Revision>, CannotRollBack> {
        let target = match to {
            Some(to) if to == from => return Err(CannotRollBack::IsCurrent(to)),
            Some(to) => self
                .kept()
                .find(|entry| entry.record.label.number == to)
                .ok_or_else(|| {
                    let kept = self.numbers_kept();
                    CannotRollBack::NotKept { to, kept }
                })?,
            None => self
                .kept()
                .filter(|entry| entry.left.as_ref().is_some_and(|left| !left.went_back))
                .max_by_key(|entry| entry.order())
                .ok_or_else(|| CannotRollBack::NoneBefore(self.numbers_kept()))?,
        };
        let Some(revision) = target.kept.clone() else {
            return Err(CannotRollBack::NoneBefore(self.numbers_kept()));
        };
        let number = revision.label().number;
        // One that is left for a later one may be gone back to.
        self.leave(from, why, number < from);
        for entry in self
            .entries
            .iter_mut()
            .filter(|entry| entry.record.label.number == number)
        {
            entry.left = None;
        }
        Ok(revision)
    }

    /// What the last revision said that has judged so many events, the current one before all others. One that the gate
    /// went back from does not show what is usual.
    pub(super) fn usual(&self, judged: u64) -> Option<Counts> {
        let is_good = |entry: &&Entry| entry.left.as_ref().is_none_or(|left| !left.went_back);
        let mut good: Vec<_> = self.entries.iter().filter(is_good).collect();
        good.sort_by_key(|entry| Reverse(entry.order()));
        good.iter().find_map(|entry| entry.record.tally.of_at_least(judged))
    }

    pub(super) fn denylisted(&self, digest: &str) -> Option<Left> {
        let of_it = |entry: &&Entry| entry.record.label.digest == digest;
        let leaving = self.entries.iter().find(of_it)?.left.as_ref()?;
        leaving.went_back.then(|| leaving.left.clone())
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        let listed = |entry: &Entry| Listed {
            record: entry.record.clone(),
            standing: match (&entry.left, &entry.kept) {
                (None, _) => Standing::Current,
                (Some(_), Some(_)) => Standing::Kept,
                (Some(_), None) => Standing::Left,
            },
            left: entry.left.as_ref().map(|leaving| leaving.left.clone()),
        };
        self.entries.iter().map(listed).collect()
    }

    fn leave(&mut self, number: u64, why: &str, went_back: bool) {
        self.leavings += 1;
        let order = self.leavings;
        for entry in self
            .entries
            .iter_mut()
            .filter(|entry| entry.record.label.number == number)
        {
            entry.left = Some(Leaving {
                order,
                went_back,
                left: Left {
                    at: clock::now(),
                    why: why.to_owned(),
                },
            });
        }
    }

    /// Drops the policies that were left first.
    fn let_go(&mut self) {
        while self.entries.iter().filter(|entry| entry.kept.is_some()).count() > KEPT {
            let kept = self.entries.iter_mut().filter(|entry| entry.kept.is_some());
            if let Some(first) = kept
                .filter(|entry| entry.left.is_some())
                .min_by_key(|entry| entry.order())
            {
                first.kept = None;
            }
        }
    }

    /// Those whose policy is there and that do not judge.
    fn kept(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.left.is_some() && entry.kept.is_some())
    }

    fn numbers_kept(&self) -> Kept {
        Kept(self.kept().map(|entry| entry.record.label.number).collect())
    }
}

impl Entry {
    fn order(&self) -> u64 {
        self.left.as_ref().map_or(u64::MAX, |left| left.order)
    }
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0[..] {
            [] => f.write_str("none is kept"),
            [one] => write!(f, "{one} is kept"),
            [first, rest @ ..] => {
                write!(f, "{first}")?;
                rest.iter().try_for_each(|number| write!(f, ", {number}"))?;
                f.write_str(" are kept")
            }
        }
    }
}
