//! The schemas that must all hold for one value, as one flat list: references are followed, `allOf` is opened, and of each choice
//! (`anyOf`, `oneOf`, `if`) one branch is taken at random. Knows how keywords are read from the list, and makes no value.

use std::collections::HashSet;

use serde_json::{Map, Number, Value};

use super::schemas::Located;
use crate::random::Random;

/// How many times a reference may lead into itself.
const MOST_RECURSIONS: usize = 4;

/// The most schemas of one value.
const MOST_PARTS: usize = 500;

/// Keywords that the list does not settle: whether they hold is seen by a check of the value.
const CHECKED: [&str; 12] = [
    "oneOf",
    "not",
    "if",
    "multipleOf",
    "pattern",
    "format",
    "uniqueItems",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
];

/// The schemas that must all hold for one value.
#[derive(Debug, Default)]
pub(super) struct Parts<'s> {
    list: Vec<(&'s Map<String, Value>, Located<'s>)>,
    /// The targets of references on the way to this value, from the outside.
    pub(super) followed: Vec<*const Value>,
    /// Members that a choice requires, and those that it forbids.
    pub(super) required: HashSet<&'s str>,
    pub(super) forbidden: HashSet<&'s str>,
}

/// No value is valid in the branches that were taken.
#[derive(Debug)]
pub(super) struct Impossible;

impl<'s> Parts<'s> {
    /// The list for some schemas.
    pub(super) fn of(
        schemas: &[Located<'s>],
        followed: &[*const Value],
        random: &mut Random,
    ) -> Result<Self, Impossible> {
        let mut parts = Self {
            followed: followed.to_vec(),
            ..Self::default()
        };
        for located in schemas {
            parts.add(located, random)?;
        }
        Ok(parts)
    }

    fn add(&mut self, located: &Located<'s>, random: &mut Random) -> Result<(), Impossible> {
        let schema = match located.schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(schema) => schema,
            _ => return Err(Impossible),
        };
        if self.list.len() >= MOST_PARTS {
            return Err(Impossible);
        }
        self.list.push((schema, located.clone()));
        for keyword in ["$ref", "$dynamicRef"] {
            let Some(reference) = schema.get(keyword).and_then(Value::as_str) else {
                continue;
            };
            let target = located.follow(reference).ok_or(Impossible)?;
            let address: *const Value = target.schema;
            if self.followed.iter().filter(|before| **before == address).count() >= MOST_RECURSIONS {
                return Err(Impossible);
            }
            self.followed.push(address);
            self.add(&target, random)?;
        }
        for schema in list(schema, "allOf") {
            self.add(&located.inner(schema), random)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            let branches = list(schema, keyword);
            if let Some(branch) = random.pick(branches) {
                self.add(&located.inner(branch), random)?;
            }
        }
        if let Some(condition) = schema.get("if") {
            let branch = if random.one_in(2) {
                self.add(&located.inner(condition), random)?;
                schema.get("then")
            } else {
                schema.get("else")
            };
            if let Some(branch) = branch {
                self.add(&located.inner(branch), random)?;
            }
        }
        for (name, dependent) in schema
            .get("dependentSchemas")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if random.one_in(2) {
                self.required.insert(name);
                self.add(&located.inner(dependent), random)?;
            } else {
                self.forbidden.insert(name);
            }
        }
        let unwanted = schema
            .get("not")
            .and_then(|not| not.get("required"))
            .and_then(Value::as_array);
        if let Some([Value::String(name)]) = unwanted.map(Vec::as_slice) {
            self.forbidden.insert(name);
        }
        Ok(())
    }

    /// The schemas, each with where it stands.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'s Map<String, Value>, &Located<'s>)> {
        self.list.iter().map(|(schema, located)| (*schema, located))
    }

    /// The values of a keyword.
    pub(super) fn all(&self, keyword: &str) -> impl Iterator<Item = &'s Value> {
        self.list.iter().filter_map(move |(schema, _)| schema.get(keyword))
    }

    /// The schemas that a keyword has as its value.
    pub(super) fn schemas(&self, keyword: &str) -> impl Iterator<Item = Located<'s>> {
        self.list
            .iter()
            .filter_map(move |(schema, located)| Some(located.inner(schema.get(keyword)?)))
    }

    /// The texts that a keyword has.
    pub(super) fn texts(&self, keyword: &str) -> impl Iterator<Item = &'s str> {
        self.all(keyword).filter_map(Value::as_str)
    }

    /// The numbers that a keyword has.
    pub(super) fn numbers(&self, keyword: &str) -> impl Iterator<Item = &'s Number> {
        self.all(keyword).filter_map(Value::as_number)
    }

    /// The largest of the counts that a keyword has.
    pub(super) fn most_of(&self, keyword: &str) -> Option<usize> {
        self.counts(keyword).max()
    }

    /// The smallest of them.
    pub(super) fn least_of(&self, keyword: &str) -> Option<usize> {
        self.counts(keyword).min()
    }

    fn counts(&self, keyword: &str) -> impl Iterator<Item = usize> {
        let counts = self
            .numbers(keyword)
            .filter_map(|count| count.as_str().parse::<f64>().ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is clamped before"
        )]
        counts.map(|count| count.clamp(0.0, 1e9) as usize)
    }

    /// The schemas whose keywords are seen to hold only in the value.
    pub(super) fn to_check(&self) -> impl Iterator<Item = &Located<'s>> {
        let is_checked = |schema: &Map<String, Value>| CHECKED.iter().any(|keyword| schema.contains_key(*keyword));
        self.list
            .iter()
            .filter(move |(schema, _)| is_checked(schema))
            .map(|(_, located)| located)
    }

    /// The values that `enum` and `const` leave; `None`: they say nothing.
    pub(super) fn choices(&self) -> Option<Vec<&'s Value>> {
        let lists = self
            .all("enum")
            .filter_map(Value::as_array)
            .map(|values| values.iter().collect());
        let constants = self.all("const").map(|value| vec![value]);
        lists
            .chain(constants)
            .reduce(|left: Vec<&Value>, right| left.into_iter().filter(|value| right.contains(value)).collect())
    }
}

/// The schemas in the list of a keyword.
fn list<'s>(schema: &'s Map<String, Value>, keyword: &str) -> &'s [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
