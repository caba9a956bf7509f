//! What of a policy its cases have tested: types, versions, migrations in both directions, rules and drop rules. Knows no file.

use std::{collections::BTreeSet, fmt};

use serde::{Serialize, Serializer};
use tidegate_engine::{Decision, EventTypeInfo, PolicyCatalog};

use super::ask::Asked;

/// What is tested and what is not.
#[derive(Debug, Serialize)]
pub(super) struct Coverage {
    pub(super) tested: usize,
    pub(super) all: usize,
    pub(super) percent: usize,
    pub(super) untested: Vec<Item>,
}

/// Something that a case can test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A type that is sent and never taken in.
    Sent { event_type: String },
    /// A version in which an event was accepted.
    Version { event_type: String, version: String },
    /// A migration that was done.
    Migration {
        event_type: String,
        from: String,
        to: String,
    },
    /// A rule that was violated.
    Rule { event_type: String, rule: String },
    /// A drop rule by which an event was dropped.
    DropRule { event_type: String, rule: String },
}

/// Collects what cases test.
#[derive(Debug, Default)]
pub(super) struct Tested(BTreeSet<Item>);

impl Tested {
    /// Adds what an answer shows to work.
    pub(super) fn add(&mut self, asked: &Asked) {
        let decided = &asked.decided;
        for output in &decided.outputs {
            let event_type = output.event_type.clone();
            self.0.insert(Item::Sent { event_type });
        }
        let Some(event_type) = &decided.event_type else { return };
        let event_type = || event_type.clone();
        if let (Some(version), true) = (&decided.event_version, decided.decision != Decision::Reject) {
            self.0.insert(Item::Version {
                event_type: event_type(),
                version: version.clone(),
            });
        }
        for path in &asked.paths {
            for (at, from) in path.iter().enumerate() {
                let migration = |to: &String| Item::Migration {
                    event_type: event_type(),
                    from: from.clone(),
                    to: to.clone(),
                };
                self.0.extend(path[at + 1..].iter().map(migration));
            }
        }
        if let Some(rule) = &decided.rule {
            self.0.insert(Item::DropRule {
                event_type: event_type(),
                rule: rule.clone(),
            });
        }
        for rule in decided.violations.iter().filter_map(|violation| violation.rule.clone()) {
            self.0.insert(Item::Rule {
                event_type: event_type(),
                rule,
            });
        }
    }

    /// Beside all that the policy has.
    pub(super) fn of(&self, catalog: &PolicyCatalog) -> Coverage {
        let all: Vec<Item> = catalog.event_types.iter().flat_map(items).collect();
        let untested: Vec<Item> = all.iter().filter(|item| !self.0.contains(item)).cloned().collect();
        let tested = all.len() - untested.len();
        Coverage {
            tested,
            all: all.len(),
            percent: (tested * 100).checked_div(all.len()).unwrap_or(100),
            untested,
        }
    }
}

/// All that there is to test of a type.
fn items(known: &EventTypeInfo) -> Vec<Item> {
    let event_type = || known.name.clone();
    if !known.accepted {
        return vec![Item::Sent {
            event_type: event_type(),
        }];
    }
    let versions = known.versions.iter();
    let versions = versions.map(|info| Item::Version {
        event_type: event_type(),
        version: info.version.clone(),
    });
    let migrations = known.migrations.iter();
    let migrations = migrations.map(|info| Item::Migration {
        event_type: event_type(),
        from: info.from.clone(),
        to: info.to.clone(),
    });
    let rules = known.rules.iter().map(|rule| Item::Rule {
        event_type: event_type(),
        rule: rule.clone(),
    });
    let drop_rules = known.drop_rules.iter();
    let drop_rules = drop_rules.map(|rule| Item::DropRule {
        event_type: event_type(),
        rule: rule.clone(),
    });
    versions.chain(migrations).chain(rules).chain(drop_rules).collect()
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { event_type } => write!(f, "{event_type} as an output"),
            Self::Version { event_type, version } => write!(f, "{event_type} {version}"),
            Self::Migration { event_type, from, to } => write!(f, "{event_type} {from} → {to}"),
            Self::Rule { event_type, rule } => write!(f, "{event_type} rule {rule}"),
            Self::DropRule { event_type, rule } => write!(f, "{event_type} drop rule {rule}"),
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
