//! Keywords of schemas that are misspelt: JSON Schema ignores what it does not know, so a slip would check nothing. Knows which keywords
//! hold schemas, and nothing of what they mean.

use serde_json::Value;

/// Keywords that hold a schema.
const SCHEMA: [&str; 11] = [
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords that hold a list of schemas.
const LIST: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];

/// Keywords that hold schemas by name.
const MAP: [&str; 5] = [
    "$defs",
    "definitions",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// All others of JSON Schema 2020-12.
const OTHER: [&str; 41] = [
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "$vocabulary",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
    // Of OpenAPI and of older drafts: they are like keywords, and mean nothing here.
    "example",
    "id",
    "dependencies",
];

/// A keyword that there is not, where it stands, and the one that was probably meant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    pub(crate) path: Vec<String>,
    pub(crate) keyword: String,
    pub(crate) meant: &'static str,
}

/// The first slip in a schema.
pub(crate) fn slip(schema: &Value) -> Option<Slip> {
    find(schema, &mut Vec::new())
}

fn find(schema: &Value, path: &mut Vec<String>) -> Option<Slip> {
    for (keyword, value) in schema.as_object()? {
        path.push(keyword.clone());
        let found = match &**keyword {
            known if SCHEMA.contains(&known) => find(value, path),
            known if LIST.contains(&known) => {
                let items = value.as_array().into_iter().flatten().enumerate();
                inside(items.map(|(at, item)| (at.to_string(), item)), path)
            }
            known if MAP.contains(&known) => {
                let members = value.as_object().into_iter().flatten();
                inside(members.map(|(name, item)| (name.clone(), item)), path)
            }
            other => meant(other).map(|meant| Slip {
                path: path.clone(),
                keyword: other.to_owned(),
                meant,
            }),
        };
        if found.is_some() {
            return found;
        }
        path.pop();
    }
    None
}

fn inside<'v>(items: impl Iterator<Item = (String, &'v Value)>, path: &mut Vec<String>) -> Option<Slip> {
    for (step, item) in items {
        path.push(step);
        let found = find(item, path);
        if found.is_some() {
            return found;
        }
        path.pop();
    }
    None
}

/// The keyword that is most like a name which is none, and like enough.
fn meant(name: &str) -> Option<&'static str> {
    let most = match name.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    };
    let all = || SCHEMA.into_iter().chain(LIST).chain(MAP).chain(OTHER);
    if name.starts_with("x-") || all().any(|keyword| keyword == name) {
        return None;
    }
    let near = all().map(|keyword| (strsim::damerau_levenshtein(name, keyword), keyword));
    near.min()
        .filter(|(changes, _)| *changes <= most)
        .map(|(_, keyword)| keyword)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::slip;

    #[test]
    fn a_slip_is_found_where_schemas_stand_and_nowhere_else() {
        for (schema, expected) in [
            (json!({ "requird": ["id"] }), Some(("requird", "required"))),
            (
                json!({ "properties": { "n": { "typ": "integer" } } }),
                Some(("properties n typ", "type")),
            ),
            (
                json!({ "allOf": [true, { "items": { "patern": "a" } }] }),
                Some(("allOf 1 items patern", "pattern")),
            ),
            (
                json!({ "$defs": { "a": { "additionalPropertys": false } } }),
                Some(("$defs a additionalPropertys", "additionalProperties")),
            ),
            // Names of members, values, and keywords of others.
            (json!({ "properties": { "typ": {}, "requird": true } }), None),
            (
                json!({ "examples": [{ "typ": 1 }], "const": { "enm": 1 }, "default": { "titel": 1 } }),
                None,
            ),
            (
                json!({ "example": {}, "nullable": true, "x-type": 1, "unit": "kg", "id": "a", "discriminator": {} }),
                None,
            ),
            (json!(true), None),
        ] {
            let found = slip(&schema);
            let found = found.as_ref().map(|slip| (slip.path.join(" "), slip.meant));
            let expected = expected.map(|(path, meant)| (path.to_owned(), meant));
            assert_eq!(found, expected, "{schema}");
        }
    }
}
