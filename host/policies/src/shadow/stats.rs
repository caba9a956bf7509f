//! Counts what the shadow policy would change, by kind, with a few examples of each. Kinds, examples and texts are bounded.
//! Knows nothing of how answers are compared.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use tidegate_engine::PolicyCatalog;
use tidegate_model::clock;

use super::{comparison_key::ComparisonKey, queue::QueuedEvent};
use crate::comparison::{Answer, Change, Detail, cut};

/// Kinds of changes that are counted apart; all others are one.
const KINDS: usize = 64;
/// Examples of each kind.
const EXAMPLES: usize = 3;

/// Counts and examples of one comparison.
#[derive(Debug)]
pub(super) struct Stats {
    /// `None`: there are not two policies to compare.
    comparison_key: Option<Arc<ComparisonKey>>,
    pub(super) since: String,
    judged: u64,
    same: u64,
    changed: u64,
    kinds: BTreeMap<Kind, Entry>,
    others: Entry,
}

/// Number of events by result.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// In the sample.
    seen: u64,
    judged: u64,
    /// The queue of the shadow policy was full.
    skipped: u64,
    same: u64,
    changed: u64,
}

/// The names of an event.
#[derive(Debug)]
pub(super) struct EventInfo {
    event_id: Option<String>,
    source: String,
    event_type: Option<String>,
    version: Option<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    name: String,
    event_type: Option<String>,
    version: Option<String>,
}

#[derive(Debug, Default)]
struct Entry {
    count: u64,
    examples: Vec<Example>,
}

/// An event on which the two policies differ.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Example {
    event_id: Option<String>,
    source: String,
    #[serde(flatten)]
    detail: Detail,
}

/// One kind of change, as it is listed.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    kind: String,
    /// `None`: neither policy knows the type.
    event_type: Option<String>,
    version: Option<String>,
    count: u64,
    examples: Vec<Example>,
}

impl Stats {
    /// Empty stats.
    pub(super) fn new(comparison_key: Option<Arc<ComparisonKey>>) -> Self {
        Self {
            comparison_key,
            since: clock::now(),
            judged: 0,
            same: 0,
            changed: 0,
            kinds: BTreeMap::new(),
            others: Entry::default(),
        }
    }

    pub(super) fn comparison_key(&self) -> Option<&Arc<ComparisonKey>> {
        self.comparison_key.as_ref()
    }

    /// Whether these are the stats of that comparison.
    pub(super) fn is_of(&self, comparison_key: &Arc<ComparisonKey>) -> bool {
        self.comparison_key
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(own, comparison_key))
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            seen: self.comparison_key.as_ref().map_or(0, |key| key.seen()),
            judged: self.judged,
            skipped: self.comparison_key.as_ref().map_or(0, |key| key.skipped()),
            same: self.same,
            changed: self.changed,
        }
    }

    /// Counts the changes of an event, unless they are of an earlier comparison.
    pub(super) fn record(&mut self, comparison_key: &Arc<ComparisonKey>, event: &EventInfo, changes: Vec<Change>) {
        if !self.is_of(comparison_key) {
            return;
        }
        self.judged += 1;
        if changes.is_empty() {
            self.same += 1;
            return;
        }
        self.changed += 1;
        for change in changes {
            let entry = self.entry(Kind {
                name: change.kind,
                event_type: event.event_type.clone(),
                version: event.version.clone(),
            });
            entry.count += 1;
            if entry.examples.len() < EXAMPLES {
                entry.examples.push(Example {
                    event_id: event.event_id.clone(),
                    source: event.source.clone(),
                    detail: change.detail,
                });
            }
        }
    }

    /// All kinds of changes, the most frequent first.
    pub(super) fn changes(&self) -> Vec<Listed> {
        let listed = |(kind, entry): (&Kind, &Entry)| Listed {
            kind: kind.name.clone(),
            event_type: kind.event_type.clone(),
            version: kind.version.clone(),
            count: entry.count,
            examples: entry.examples.clone(),
        };
        let mut changes: Vec<_> = self.kinds.iter().map(listed).collect();
        changes.sort_by_key(|listed| std::cmp::Reverse(listed.count));
        if self.others.count > 0 {
            let others = Kind {
                name: "other".to_owned(),
                event_type: None,
                version: None,
            };
            changes.push(listed((&others, &self.others)));
        }
        changes
    }

    fn entry(&mut self, kind: Kind) -> &mut Entry {
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            self.kinds.entry(kind).or_default()
        } else {
            &mut self.others
        }
    }
}

impl EventInfo {
    /// The names that the policies have read in the event. Unknown types and versions are left out: a producer could invent
    /// any number of them.
    pub(super) fn new(event: &QueuedEvent, answer: &Answer, catalogs: &[&PolicyCatalog]) -> Self {
        let decisions = || event.live.decided().into_iter().chain(answer.decided());
        let named = decisions().find_map(|decision| decision.event_type.as_deref());
        let mut types = catalogs.iter().flat_map(|catalog| &catalog.event_types);
        let event_type = named.filter(|name| types.any(|kind| kind.name == **name));
        let named = decisions().find_map(|decision| decision.event_version.as_deref());
        let versions = catalogs
            .iter()
            .flat_map(|catalog| &catalog.event_types)
            .filter(|kind| Some(kind.name.as_str()) == event_type)
            .flat_map(|kind| &kind.versions);
        let version = named.filter(|name| versions.clone().any(|known| known.version == **name));
        Self {
            event_id: decisions().find_map(|decision| decision.event_id.as_deref()).map(cut),
            source: cut(&event.source),
            event_type: event_type.map(str::to_owned),
            version: version.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidegate_engine::Digest;

    use super::{Change, ComparisonKey, Counts, Detail, EXAMPLES, EventInfo, KINDS, Stats};

    fn event(id: usize) -> EventInfo {
        EventInfo {
            event_id: Some(format!("e-{id}")),
            source: "task-events@1".to_owned(),
            event_type: Some("task.created".to_owned()),
            version: None,
        }
    }

    fn change(kind: String) -> Vec<Change> {
        let detail = Detail::default();
        vec![Change { kind, detail }]
    }

    fn stats() -> (Stats, Arc<ComparisonKey>) {
        let comparison_key = Arc::new(ComparisonKey::new(&Digest::of(b"shadow"), 1));
        (Stats::new(Some(comparison_key.clone())), comparison_key)
    }

    #[test]
    fn kinds_and_examples_are_bounded_and_every_event_is_counted() {
        let (mut stats, comparison_key) = stats();
        for number in 0..1000 {
            comparison_key.count_seen();
            stats.record(
                &comparison_key,
                &event(number),
                change(format!("kind {}", number % 100)),
            );
        }
        let changes = stats.changes();
        assert_eq!(changes.len(), KINDS + 1);
        assert!(changes.iter().all(|listed| listed.examples.len() == EXAMPLES));
        assert_eq!(changes.iter().map(|listed| listed.count).sum::<u64>(), 1000);
        assert_eq!(changes.last().map(|listed| listed.kind.as_str()), Some("other"));
        assert_eq!((stats.counts().seen, stats.counts().changed), (1000, 1000));
    }

    #[test]
    fn the_most_frequent_kind_is_first() {
        let (mut stats, comparison_key) = stats();
        for (number, kind) in ["a", "b", "b"].into_iter().enumerate() {
            stats.record(&comparison_key, &event(number), change(kind.to_owned()));
        }
        let kinds: Vec<_> = stats
            .changes()
            .into_iter()
            .map(|listed| (listed.kind, listed.count))
            .collect();
        assert_eq!(kinds, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
    }

    #[test]
    fn changes_of_an_earlier_comparison_are_not_counted() {
        let (_, before) = stats();
        let (mut stats, _) = stats();
        before.count_seen();
        before.count_skipped();
        stats.record(&before, &event(0), change("a".to_owned()));
        assert_eq!(stats.counts(), Counts::default());
        assert!(
            !stats.is_of(&before),
            "also when the same two policies are compared again"
        );
    }
}
