//! How many items an array gets, and the schemas of each. Makes no values.

use serde_json::Value;

use super::{parts::Parts, schemas::Located, sizes};
use crate::random::Random;

/// How many items there are beyond what there must be.
const MORE: usize = 3;

/// The schemas of each item; of an array that should be `small`, of as few as there may be.
pub(super) fn items<'s>(parts: &Parts<'s>, sizes: &[usize], small: bool, random: &mut Random) -> Vec<Vec<Located<'s>>> {
    let contained: Vec<Located<'s>> = parts.schemas("contains").collect();
    let wanted_contained = match parts.most_of("minContains") {
        Some(least) => least,
        None => usize::from(!contained.is_empty()),
    };
    let least = parts.most_of("minItems").unwrap_or(0).max(wanted_contained);
    let mut most = parts.least_of("maxItems").unwrap_or(usize::MAX);
    let is_closed = |schema: &Value| schema == &Value::Bool(false);
    if parts.all("items").chain(parts.all("unevaluatedItems")).any(is_closed) {
        let fixed = parts.all("prefixItems").filter_map(Value::as_array).map(Vec::len).max();
        most = most.min(fixed.unwrap_or(0));
    }
    let more = if small { 0 } else { random.below(MORE + 1) };
    let fixed = parts
        .all("prefixItems")
        .filter_map(Value::as_array)
        .map(Vec::len)
        .max()
        .unwrap_or(0);
    let wanted_size = if small {
        None
    } else {
        sizes::pick(sizes, least, most, random)
    };
    let count = wanted_size.unwrap_or_else(|| if random.one_in(2) { least.max(fixed) } else { least } + more);
    let mut items: Vec<Vec<Located<'s>>> = (0..count.min(most)).map(|at| schemas_of(parts, at)).collect();
    let after_fixed = fixed.min(items.len());
    let room = items.len().saturating_sub(after_fixed);
    let first = if room >= wanted_contained { after_fixed } else { 0 };
    for item in items.iter_mut().skip(first).take(wanted_contained) {
        item.extend(contained.iter().cloned());
    }
    items
}

/// The schemas of the item at a position.
fn schemas_of<'s>(parts: &Parts<'s>, at: usize) -> Vec<Located<'s>> {
    let of = |(schema, located): (&'s serde_json::Map<String, Value>, &Located<'s>)| {
        let fixed = schema.get("prefixItems").and_then(Value::as_array);
        let own = fixed.and_then(|fixed| fixed.get(at)).or_else(|| schema.get("items"))?;
        Some(located.inner(own))
    };
    parts.iter().filter_map(of).collect()
}
