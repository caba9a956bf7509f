//! Narrows one inferred schema by another: what is valid in the result is valid in the first one, and what was seen for the second one
//! is valid in the result. Knows the keywords that `schema` writes, and no event.

use serde_json::{Map, Value, json};

/// Narrows a schema of what was seen in all versions by that of what was seen in some of them.
pub(crate) fn narrow(wide: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let has_words = |schema: &Map<String, Value>| schema.contains_key("const") || schema.contains_key("enum");
    if has_words(own) || wide.is_empty() {
        return own.clone();
    }
    if has_words(wide) || own.is_empty() {
        return wide.clone();
    }
    let mut narrowed = Map::new();
    narrowed.insert("type".to_owned(), kinds(wide, own));
    if let Some(format) = wide.get("format").or_else(|| own.get("format")) {
        narrowed.insert("format".to_owned(), format.clone());
    }
    let required = required(wide, own);
    if !required.is_empty() {
        narrowed.insert("required".to_owned(), required.into());
    }
    let properties = properties(wide, own);
    if !properties.is_empty() {
        narrowed.insert("properties".to_owned(), properties.into());
    }
    // What the first one demands of some versions, the second one demands of those that were seen for it.
    if let Some(one_of) = own.get("anyOf") {
        narrowed.insert("anyOf".to_owned(), one_of.clone());
    }
    for keyword in ["additionalProperties", "items"] {
        if let Some(inside) = both(wide.get(keyword), own.get(keyword)) {
            narrowed.insert(keyword.to_owned(), inside);
        }
    }
    narrowed
}

fn both(wide: Option<&Value>, own: Option<&Value>) -> Option<Value> {
    match (wide.and_then(Value::as_object), own.and_then(Value::as_object)) {
        (Some(wide), Some(own)) => Some(narrow(wide, own).into()),
        (Some(one), None) | (None, Some(one)) => Some(one.clone().into()),
        (None, None) => None,
    }
}

/// The kinds that were seen for the second one; numbers are integers where either says so.
fn kinds(wide: &Map<String, Value>, own: &Map<String, Value>) -> Value {
    let of = |schema: &Map<String, Value>| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        kind => kind.cloned().into_iter().collect(),
    };
    let are_integers = of(wide).contains(&json!("integer"));
    let mut kinds = of(own);
    for kind in &mut kinds {
        if *kind == "number" && are_integers {
            *kind = "integer".into();
        }
    }
    match &kinds[..] {
        [kind] => kind.clone(),
        _ => kinds.into(),
    }
}

fn required(wide: &Map<String, Value>, own: &Map<String, Value>) -> Vec<Value> {
    let of = |schema: &Map<String, Value>| schema.get("required").and_then(Value::as_array).cloned();
    let mut required = of(wide).unwrap_or_default();
    let more = of(own).unwrap_or_default();
    required.extend(
        more.into_iter()
            .filter(|name| !of(wide).unwrap_or_default().contains(name)),
    );
    required
}

/// The members that either names. One that the other does not name is a key there, or may be anything.
fn properties(wide: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let of = |schema: &Map<String, Value>| {
        let members = schema.get("properties").and_then(Value::as_object);
        members.cloned().unwrap_or_default()
    };
    let (of_wide, of_own) = (of(wide), of(own));
    let names = of_wide
        .keys()
        .chain(of_own.keys().filter(|name| !of_wide.contains_key(*name)));
    let member = |name: &String| {
        let wide = of_wide.get(name).or_else(|| wide.get("additionalProperties"));
        let own = of_own.get(name).or_else(|| own.get("additionalProperties"));
        Some((name.clone(), both(wide, own)?))
    };
    names.filter_map(member).collect()
}
