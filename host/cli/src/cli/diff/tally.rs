//! Counts how two policies differ on events: by kind, type and version, with the smallest event of each. Knows no policy.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::Serialize;
use serde_json::Value;
use tidegate_model::attributes::Attributes;
use tidegate_policies::comparison::{Answer, Change, Detail};

/// Kinds that are counted apart; all others are one.
const KINDS: usize = 1000;

/// Counts of events.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) judged: u64,
    pub(super) same: u64,
    kinds: BTreeMap<Kind, Counted>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    name: String,
    event_type: Option<String>,
    version: Option<String>,
}

#[derive(Debug)]
struct Counted {
    count: u64,
    example: Example,
}

/// How the policies differ on one event.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) example: Example,
    pub(super) event_type: Option<String>,
    pub(super) version: Option<String>,
    pub(super) changes: Vec<Change>,
}

/// An event on which they differ.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Example {
    pub(super) event_id: Option<String>,
    /// Where it is: a line, or the version whose example it is.
    pub(super) source: String,
    /// The event as it was judged; as a string where it is no JSON.
    pub(super) event: Value,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub(super) attributes: Attributes,
    /// Bytes of the event.
    pub(super) bytes: usize,
    #[serde(skip)]
    pub(super) detail: Detail,
}

/// One kind of change.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) kind: String,
    pub(super) event_type: Option<String>,
    pub(super) version: Option<String>,
    pub(super) count: u64,
    pub(super) example: Example,
    #[serde(flatten)]
    pub(super) difference: Difference,
}

/// Where the answers for the example differ.
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    /// JSON Pointers into the output.
    pub(super) pointers: Vec<String>,
    pub(super) old_violations: Vec<Broken>,
    pub(super) new_violations: Vec<Broken>,
    pub(super) values: Vec<Values>,
}

#[derive(Debug, Serialize)]
pub(super) struct Broken {
    pub(super) code: String,
    pub(super) path: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Values {
    pub(super) path: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

impl Judged {
    /// The names that a policy has read in the event: the new one's, or the old one's.
    pub(super) fn names(old: &Answer, new: &Answer) -> [Option<String>; 3] {
        let decided = [new, old].into_iter().filter_map(Answer::decided);
        let decided: Vec<_> = decided.collect();
        [
            decided.iter().find_map(|decided| decided.event_id.clone()),
            decided.iter().find_map(|decided| decided.event_type.clone()),
            decided.iter().find_map(|decided| decided.event_version.clone()),
        ]
    }
}

impl Tally {
    pub(super) fn add(&mut self, judged: Judged) {
        self.judged += 1;
        if judged.changes.is_empty() {
            self.same += 1;
            return;
        }
        for Change { kind, detail } in judged.changes {
            let mut kind = Kind {
                name: kind,
                event_type: judged.event_type.clone(),
                version: judged.version.clone(),
            };
            if self.kinds.len() >= KINDS && !self.kinds.contains_key(&kind) {
                kind = Kind {
                    name: "other".to_owned(),
                    event_type: None,
                    version: None,
                };
            }
            let example = || Example {
                detail,
                ..judged.example.clone()
            };
            match self.kinds.entry(kind) {
                Entry::Vacant(entry) => {
                    let example = example();
                    entry.insert(Counted { count: 1, example });
                }
                Entry::Occupied(mut entry) => {
                    let counted = entry.get_mut();
                    counted.count += 1;
                    if judged.example.bytes < counted.example.bytes {
                        counted.example = example();
                    }
                }
            }
        }
    }

    /// All kinds of changes, the most frequent first.
    pub(super) fn changes(self) -> Vec<Listed> {
        let listed = self.kinds.into_iter().map(|(kind, counted)| Listed {
            kind: kind.name,
            event_type: kind.event_type,
            version: kind.version,
            count: counted.count,
            difference: Difference::of(&counted.example.detail),
            example: counted.example,
        });
        let mut listed: Vec<_> = listed.collect();
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.count));
        listed
    }
}

impl Difference {
    fn of(detail: &Detail) -> Self {
        let broken = |violations: &[tidegate_policies::comparison::ViolationSummary]| {
            let broken = violations.iter().map(|violation| Broken {
                code: violation.code.clone(),
                path: violation.path.clone(),
            });
            broken.collect()
        };
        let values = detail.values.iter().map(|values| Values {
            path: values.path.clone(),
            old: values.live.clone(),
            new: values.shadow.clone(),
        });
        Self {
            pointers: detail.pointers.clone(),
            old_violations: broken(&detail.live_violations),
            new_violations: broken(&detail.shadow_violations),
            values: values.collect(),
        }
    }
}
