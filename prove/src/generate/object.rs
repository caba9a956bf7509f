//! Which members an object gets, and the schemas of each. Optional members are in or out, members that no schema names are added
//! where they are allowed, and the order is shuffled. Makes no values.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::{format, parts::Parts, pattern::Patterns, schemas::Located, sizes};
use crate::random::Random;

/// Names of members that no schema is expected to name.
const UNKNOWN: [&str; 5] = ["x-1", "x-2", "x/a~b", "x ü字", "x\""];

/// A member to be.
#[derive(Debug)]
pub(super) struct Member<'s> {
    pub(super) name: String,
    pub(super) schemas: Vec<Located<'s>>,
    /// Whether the object is wrong without it.
    pub(super) is_required: bool,
}

/// The members of an object; of optional ones none, when it should be `small`.
pub(super) fn members<'s>(
    parts: &Parts<'s>,
    sizes: &[usize],
    small: bool,
    cache: &mut Patterns,
    random: &mut Random,
) -> Vec<Member<'s>> {
    let mut required: HashSet<&str> = parts
        .all("required")
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    required.extend(&parts.required);
    let declared = parts.all("properties").filter_map(Value::as_object).flat_map(Map::keys);
    // The order of the schema.
    let mut names: Vec<&str> = Vec::new();
    for name in declared.map(String::as_str).chain(sorted(&required)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let least = parts.most_of("minProperties").unwrap_or(0);
    let density = if small { 0 } else { random.below(5) };
    let (mut names, mut left_out): (Vec<&str>, Vec<&str>) = names
        .into_iter()
        .partition(|name| required.contains(name) || random.below(4) < density);
    random.shuffle(&mut left_out);
    let missing = least.saturating_sub(names.len());
    names.extend(left_out.into_iter().take(missing));
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    require_dependents(parts, &mut names, &mut required);
    names.retain(|name| !parts.forbidden.contains(&**name) || required.contains(&**name));
    let most = parts.least_of("maxProperties").unwrap_or(usize::MAX);
    while names.len() > most
        && let Some(optional) = names.iter().rposition(|name| !required.contains(&**name))
    {
        names.remove(optional);
    }
    let more = if small || !random.one_in(3) { 0 } else { random.below(3) };
    let wanted_size = if small {
        None
    } else {
        sizes::pick(sizes, names.len(), most, random)
    };
    let wanted = wanted_size.unwrap_or(names.len() + more).max(least).min(most);
    for _ in 0..8 * wanted {
        if names.len() >= wanted {
            break;
        }
        let Some(name) = other_name(parts, cache, random) else {
            continue;
        };
        if !names.contains(&name) {
            names.push(name);
        } else if UNKNOWN.contains(&&*name) {
            // There are few of them.
            names.push(format!("{name}-{}", names.len()));
        }
    }
    if random.one_in(2) {
        random.shuffle(&mut names);
    }
    let member = |name: String| Member {
        schemas: schemas_of(parts, &name, cache),
        is_required: required.contains(&*name) || names_least(least, most),
        name,
    };
    names.into_iter().map(member).collect()
}

/// Whether leaving a member out may leave too few.
const fn names_least(least: usize, most: usize) -> bool {
    least > 0 && least <= most
}

fn sorted<'s>(names: &HashSet<&'s str>) -> Vec<&'s str> {
    let mut names: Vec<&str> = names.iter().copied().collect();
    names.sort_unstable();
    names
}

/// Adds what members require beside them.
fn require_dependents<'s>(parts: &Parts<'s>, names: &mut Vec<String>, required: &mut HashSet<&'s str>) {
    let dependents: BTreeMap<&str, Vec<&'s str>> = parts
        .all("dependentRequired")
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, others)| {
            let others = others.as_array().into_iter().flatten().filter_map(Value::as_str);
            (name.as_str(), others.collect())
        })
        .collect();
    let mut at = 0;
    while let Some(name) = names.get(at) {
        for other in dependents.get(&**name).into_iter().flatten().copied() {
            required.insert(other);
            if !names.iter().any(|name| name == other) {
                names.push(other.to_owned());
                // The slice moved: begin again where it stood.
                return require_dependents(parts, names, required);
            }
        }
        at += 1;
    }
}

/// A name that `properties` does not list, where one may be.
fn other_name(parts: &Parts<'_>, cache: &mut Patterns, random: &mut Random) -> Option<String> {
    let is_closed = |schema: &Map<String, Value>| {
        schema.get("additionalProperties") == Some(&Value::Bool(false))
            || schema.get("unevaluatedProperties") == Some(&Value::Bool(false))
    };
    let patterns: Vec<&str> = parts
        .all("patternProperties")
        .filter_map(Value::as_object)
        .flat_map(|patterns| patterns.keys().map(String::as_str))
        .collect();
    let of_names = parts.schemas("propertyNames").next().map(|names| {
        let pattern = names.schema.get("pattern").and_then(Value::as_str).map(str::to_owned);
        let listed = names.schema.get("enum").and_then(Value::as_array);
        (pattern, listed.cloned().unwrap_or_default())
    });
    if let Some(pattern) = random.pick(&patterns)
        && (random.one_in(2) || parts.iter().any(|(schema, _)| is_closed(schema)))
    {
        return cache.text(pattern, random);
    }
    if parts.iter().any(|(schema, _)| is_closed(schema)) {
        return None;
    }
    match of_names {
        Some((Some(pattern), _)) => cache.text(&pattern, random),
        Some((None, listed)) if !listed.is_empty() => random.pick(&listed)?.as_str().map(str::to_owned),
        _ if parts.all("additionalProperties").any(Value::is_object) => Some(format!("x{}", format::word(random))),
        _ => random.pick(&UNKNOWN).map(|name| (*name).to_owned()),
    }
}

/// The schemas of the member of a name.
fn schemas_of<'s>(parts: &Parts<'s>, name: &str, cache: &mut Patterns) -> Vec<Located<'s>> {
    let mut found = Vec::new();
    for (schema, located) in parts.iter() {
        let before = found.len();
        let properties = schema.get("properties").and_then(Value::as_object);
        found.extend(
            properties
                .and_then(|properties| properties.get(name))
                .map(|schema| located.inner(schema)),
        );
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        for (pattern, schema) in patterns.into_iter().flatten() {
            if cache.matches(pattern, name) {
                found.push(located.inner(schema));
            }
        }
        if found.len() == before {
            found.extend(schema.get("additionalProperties").map(|schema| located.inner(schema)));
        }
    }
    found
}
