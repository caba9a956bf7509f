//! Which keys the schema has for each object of a manifest, and which the parser has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tidegate_policy::Manifest;

/// A key that there is not.
const UNKNOWN: &str = "unknown-key";

/// The closed objects of a manifest.
struct Walk<'s> {
    root: &'s Value,
    /// By their place in the manifest: the keys that the schema has there.
    objects: BTreeMap<String, BTreeSet<&'s str>>,
    /// By the schema: the keys that the manifest has.
    used: BTreeMap<usize, BTreeSet<String>>,
}

/// How schema and parser differ, one line each, as manifests show that have all keys together.
pub(super) fn compare(schema: &Value, manifests: &[Value]) -> String {
    let mut walk = Walk {
        root: schema,
        objects: BTreeMap::new(),
        used: BTreeMap::new(),
    };
    let mut found = Vec::new();
    for manifest in manifests {
        walk.objects.clear();
        walk.visit(schema, manifest, "");
        for (place, keys) in &walk.objects {
            found.extend(unlike(manifest, place, keys));
        }
    }
    found.extend(unused(schema, &walk.used, ""));
    found.join("\n")
}

impl<'s> Walk<'s> {
    fn visit(&mut self, schema: &'s Value, value: &Value, place: &str) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(&reference[1..]).expect("a target");
            self.visit(target, value, place);
        }
        for branch in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            if self.holds(branch, value) {
                self.visit(branch, value, place);
            }
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.holds(condition, value) { "then" } else { "else" };
            self.visit(&schema[branch], value, place);
        }
        match value {
            Value::Object(members) => self.object(schema, members, place),
            Value::Array(items) => {
                if let Some(of) = schema.get("items") {
                    for (at, item) in items.iter().enumerate() {
                        self.visit(of, item, &format!("{place}/{at}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, schema: &'s Value, members: &Map<String, Value>, place: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        if let Some(properties) = properties.filter(|_| others == Some(&Value::Bool(false))) {
            let keys = properties.keys().map(String::as_str).collect();
            self.objects.insert(place.to_owned(), keys);
            let used = self.used.entry(address(schema)).or_default();
            used.extend(members.keys().cloned());
        }
        for (name, value) in members {
            let of = properties.and_then(|properties| properties.get(name)).or(others);
            if let Some(of) = of {
                let name = name.replace('~', "~0").replace('/', "~1");
                self.visit(of, value, &format!("{place}/{name}"));
            }
        }
    }

    fn holds(&self, schema: &Value, value: &Value) -> bool {
        let mut alone = schema.clone();
        alone["$defs"] = self.root["$defs"].clone();
        jsonschema::draft202012::is_valid(&alone, value)
    }
}

fn address(schema: &Value) -> usize {
    std::ptr::from_ref(schema) as usize
}

/// Keys of the schema that the manifest does not have, so that nothing is known of them.
fn unused(schema: &Value, used: &BTreeMap<usize, BTreeSet<String>>, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    if schema.get("additionalProperties") == Some(&Value::Bool(false))
        && let Some(properties) = schema.get("properties").and_then(Value::as_object)
    {
        let none = BTreeSet::new();
        let used = used.get(&address(schema)).unwrap_or(&none);
        let missing = properties.keys().filter(|key| !used.contains(*key));
        found.extend(missing.map(|key| format!("{at}: {key} is not in full.yaml")));
    }
    match schema {
        Value::Object(members) => {
            for (name, inner) in members {
                found.extend(unused(inner, used, &format!("{at}/{name}")));
            }
        }
        Value::Array(items) => {
            for item in items {
                found.extend(unused(item, used, at));
            }
        }
        _ => {}
    }
    found
}

/// What the parser says of another key at a place, compared with the keys of the schema.
fn unlike(full: &Value, place: &str, keys: &BTreeSet<&str>) -> Option<String> {
    // What a template is, the host says, once the policy is loaded.
    if place.starts_with("/dead_letters/template") {
        return None;
    }
    let mut wrong = full.clone();
    let object = wrong
        .pointer_mut(place)
        .and_then(Value::as_object_mut)
        .expect("an object");
    object.insert(UNKNOWN.to_owned(), json!(1));
    let Err(error) = serde_json::from_str::<Manifest>(&wrong.to_string()) else {
        return Some(format!("{place}: the parser takes another key"));
    };
    let message = error.to_string();
    // Of some objects the parser shows the form instead of the keys.
    let (_, expected) = message.split_once(&format!("`{UNKNOWN}`, expected "))?;
    let known: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
    // It knows `after`, and says why a `rename` has none.
    let is_same =
        known == *keys || (place.ends_with("/rename") && known.iter().filter(|key| **key != "after").eq(keys));
    (!is_same).then(|| format!("{place}: the schema has {keys:?}, the parser {known:?}"))
}
