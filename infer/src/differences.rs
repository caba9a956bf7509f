//! How events differ in the members that they have, and how much of that a text explains.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

/// Which events have the same members, two objects deep.
#[derive(Debug)]
pub(crate) struct Differences {
    /// By event: a number for its set of members.
    members: Vec<usize>,
}

impl Differences {
    pub(crate) fn of(documents: &[Value]) -> Self {
        let mut known: HashMap<BTreeSet<String>, usize> = HashMap::new();
        let number = |document| {
            let next = known.len();
            *known.entry(members(document)).or_insert(next)
        };
        Self {
            members: documents.iter().map(number).collect(),
        }
    }

    /// How much of the differences these texts, one an event, explain: 0 nothing, 1 which members each event has.
    pub(crate) fn explained_by(&self, texts: &[&str]) -> f64 {
        let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
        for (text, members) in texts.iter().zip(&self.members) {
            by_text.entry(text).or_default().push(*members);
        }
        let before = entropy(&self.members);
        let of_each = by_text.values();
        let after: f64 = of_each
            .map(|members| ratio(members.len(), texts.len()) * entropy(members))
            .sum();
        if before < f64::EPSILON {
            0.0
        } else {
            1.0 - after / before
        }
    }
}

/// A part of a whole, from 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "counts of samples")]
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn members(document: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (name, value) in document.as_object().into_iter().flatten() {
        all.insert(name.clone());
        for inside in value.as_object().into_iter().flat_map(|members| members.keys()) {
            all.insert(format!("{name}/{inside}"));
        }
    }
    all
}

fn entropy(numbers: &[usize]) -> f64 {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for number in numbers {
        *counts.entry(*number).or_default() += 1;
    }
    let parts = counts.values().map(|count| ratio(*count, numbers.len()));
    parts.map(|part| -part * part.ln()).sum()
}
