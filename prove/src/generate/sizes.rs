//! The sizes that schemas name as bounds. What one version bounds, another need not: so values of these sizes are tried for all of them.
//! Knows no value.

use serde_json::Value;

use crate::random::Random;

/// The longest text that is tried.
const LONGEST: usize = 2000;
/// The most items and members that are tried: each must be made.
const LARGEST: usize = 100;
/// The most sizes of a kind.
const MOST: usize = 100;

/// Sizes at the bounds, and beyond them by one.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    pub(super) texts: Vec<usize>,
    pub(super) arrays: Vec<usize>,
    pub(super) objects: Vec<usize>,
}

impl Sizes {
    /// Adds those of a schema.
    pub(super) fn add(&mut self, schema: &Value) {
        match schema {
            Value::Object(members) => members.iter().for_each(|(keyword, value)| {
                match &**keyword {
                    "minLength" | "maxLength" => note(&mut self.texts, value, LONGEST),
                    "minItems" | "maxItems" => note(&mut self.arrays, value, LARGEST),
                    "minProperties" | "maxProperties" => note(&mut self.objects, value, LARGEST),
                    _ => {}
                }
                self.add(value);
            }),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }
}

/// One of these sizes, within bounds and now and then; else `None`.
pub(super) fn pick(sizes: &[usize], least: usize, most: usize, random: &mut Random) -> Option<usize> {
    if sizes.is_empty() || !random.one_in(4) {
        return None;
    }
    random.pick(sizes).copied().filter(|size| (least..=most).contains(size))
}

fn note(sizes: &mut Vec<usize>, bound: &Value, most: usize) {
    let bound = bound.as_u64().and_then(|bound| usize::try_from(bound).ok());
    let Some(bound) = bound.filter(|bound| *bound < most && sizes.len() < MOST) else {
        return;
    };
    for size in bound.saturating_sub(1)..=bound + 1 {
        if !sizes.contains(&size) {
            sizes.push(size);
        }
    }
}
