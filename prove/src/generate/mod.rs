//! Makes values that a schema allows: gathers the schemas that must hold for a value, makes one of a kind that they allow, and
//! checks what it could not settle; then again, a bounded number of times. Knows no policy and no migration.

mod array;
mod format;
mod kinds;
pub(crate) mod number;
mod object;
mod parts;
mod pattern;
mod schemas;
mod sizes;
mod string;

use std::collections::HashMap;

use jsonschema::Validator;
use serde_json::{Map, Value};

pub use self::schemas::SchemasError;
pub(crate) use self::schemas::{Located, Schemas};
use self::{
    kinds::Kind,
    parts::{Impossible, Parts},
    pattern::Patterns,
};
use crate::random::Random;

/// How often a value is tried before the one around it is.
const TRIES: usize = 24;

/// The most values that are tried for one event.
const MOST_VALUES: usize = 20_000;

/// Nested deeper than this, objects and arrays are as small as they may be.
const SMALL_BELOW: usize = 6;

/// Nested deeper than this, there is nothing.
const MOST_DEPTH: usize = 24;

/// Makes values.
#[derive(Debug)]
pub(crate) struct Generator<'s> {
    schemas: &'s Schemas,
    random: Random,
    /// Compiled once, by the address of the schema.
    validators: HashMap<*const Value, Option<Validator>>,
    patterns: Patterns,
    left: usize,
}

impl<'s> Generator<'s> {
    pub(crate) fn new(schemas: &'s Schemas, random: Random) -> Self {
        Self {
            schemas,
            random,
            validators: HashMap::new(),
            patterns: Patterns::default(),
            left: 0,
        }
    }

    /// A value for which all schemas hold, as far as a bounded search finds one.
    pub(crate) fn value(&mut self, schemas: &[Located<'s>]) -> Option<Value> {
        self.left = MOST_VALUES;
        self.tried(schemas, &[], 0).ok()
    }

    fn tried(&mut self, schemas: &[Located<'s>], followed: &[*const Value], depth: usize) -> Result<Value, Impossible> {
        for _ in 0..TRIES {
            self.left = self.left.checked_sub(1).ok_or(Impossible)?;
            if let Ok(value) = self.once(schemas, followed, depth) {
                return Ok(value);
            }
        }
        Err(Impossible)
    }

    fn once(&mut self, schemas: &[Located<'s>], followed: &[*const Value], depth: usize) -> Result<Value, Impossible> {
        let parts = Parts::of(schemas, followed, &mut self.random)?;
        let value = if let Some(choices) = parts.choices() {
            (*self.random.pick(&choices).ok_or(Impossible)?).clone()
        } else {
            let kind = kinds::pick(&parts, &mut self.random).ok_or(Impossible)?;
            self.of_kind(kind, &parts, depth)?
        };
        let is_valid = parts.to_check().all(|located| self.holds(located, &value));
        // What `enum` and `const` leave may break other keywords, and so may the spelling of a number.
        let is_unsettled = value.is_number() || parts.choices().is_some();
        let is_valid = is_valid && (!is_unsettled || schemas.iter().all(|located| self.holds(located, &value)));
        is_valid.then_some(value).ok_or(Impossible)
    }

    fn of_kind(&mut self, kind: Kind, parts: &Parts<'s>, depth: usize) -> Result<Value, Impossible> {
        if depth > MOST_DEPTH {
            return Err(Impossible);
        }
        Ok(match kind {
            Kind::Null => Value::Null,
            Kind::Boolean => self.random.one_in(2).into(),
            Kind::Integer => number::value(parts, true, &mut self.random),
            Kind::Number => number::value(parts, false, &mut self.random),
            Kind::String => {
                string::value(parts, &self.schemas.sizes.texts, &mut self.patterns, &mut self.random).into()
            }
            Kind::Array => self.array(parts, depth)?,
            Kind::Object => self.object(parts, depth)?,
        })
    }

    fn array(&mut self, parts: &Parts<'s>, depth: usize) -> Result<Value, Impossible> {
        let least = parts.most_of("minItems").unwrap_or(0);
        let mut items: Vec<Value> = Vec::new();
        let is_unique = parts.all("uniqueItems").any(|unique| unique == &Value::Bool(true));
        for schemas in array::items(parts, &self.schemas.sizes.arrays, depth > SMALL_BELOW, &mut self.random) {
            match self.tried(&schemas, &parts.followed, depth + 1) {
                Ok(item) if is_unique && items.contains(&item) => {}
                Ok(item) => items.push(item),
                Err(Impossible) if items.len() >= least => break,
                Err(impossible) => return Err(impossible),
            }
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self, parts: &Parts<'s>, depth: usize) -> Result<Value, Impossible> {
        let mut members = Map::new();
        for member in object::members(
            parts,
            &self.schemas.sizes.objects,
            depth > SMALL_BELOW,
            &mut self.patterns,
            &mut self.random,
        ) {
            match self.tried(&member.schemas, &parts.followed, depth + 1) {
                Ok(value) => {
                    members.insert(member.name, value);
                }
                Err(impossible) if member.is_required => return Err(impossible),
                Err(_) => {}
            }
        }
        Ok(Value::Object(members))
    }

    fn holds(&mut self, located: &Located<'s>, value: &Value) -> bool {
        let address: *const Value = located.schema;
        let validator = self
            .validators
            .entry(address)
            .or_insert_with(|| self.schemas.validator(located));
        validator.as_ref().is_none_or(|validator| validator.is_valid(value))
    }
}

#[cfg(test)]
mod tests;
