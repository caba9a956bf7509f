//! The JSON Schema of what was seen. All that was seen is valid in it.

use serde_json::{Map, Value, json};

use crate::shape::{Objects, Shape};

/// The numbers that it takes to call them integers. A price is a whole one now and then, five times in a row rarely.
const LEAST_INTEGERS: usize = 5;
/// An object with as many different names, three times as many as it has members at once, has keys for names.
const LEAST_KEYS: usize = 10;
const KEYS_TO_MEMBERS: usize = 3;

/// The schema of a shape.
pub(crate) fn schema(shape: &Shape) -> Map<String, Value> {
    let mut schema = Map::new();
    if let Some(words) = words(shape) {
        match &words[..] {
            [word] => schema.insert("const".to_owned(), word.clone()),
            _ => schema.insert("enum".to_owned(), words.into()),
        };
        return schema;
    }
    let mut kinds = shape.kinds();
    if kinds.is_empty() {
        // Null alone, or nothing at all: the value that will stand here one day may be of any kind.
        return schema;
    }
    if shape.fractions == 0 && shape.integers >= LEAST_INTEGERS {
        let number = kinds.iter_mut().filter(|kind| **kind == "number");
        number.for_each(|kind| *kind = "integer");
    }
    if shape.nulls > 0 {
        kinds.push("null");
    }
    match &kinds[..] {
        [kind] => schema.insert("type".to_owned(), (*kind).into()),
        _ => schema.insert("type".to_owned(), json!(kinds)),
    };
    if let Some(format) = shape.texts.format() {
        schema.insert("format".to_owned(), format.name().into());
    }
    if shape.objects.count > 0 {
        schema.extend(members(&shape.objects));
    }
    if let Some(items) = &shape.items {
        schema.insert("items".to_owned(), self::schema(items).into());
    }
    schema
}

/// The words of a place that has nothing but words, or null.
fn words(shape: &Shape) -> Option<Vec<Value>> {
    if shape.kinds() != ["string"] {
        return None;
    }
    let words = shape.texts.words()?.into_iter().map(Value::from);
    let null = (shape.nulls > 0).then_some(Value::Null);
    Some(words.chain(null).collect())
}

fn members(objects: &Objects) -> Map<String, Value> {
    let mut schema = Map::new();
    if let Some(value) = value_of_keys(objects) {
        schema.insert("additionalProperties".to_owned(), value.into());
        return schema;
    }
    let required: Vec<_> = objects.in_all().collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    let properties: Map<_, _> = objects
        .members
        .iter()
        .map(|(name, shape)| (name.clone(), self::schema(shape).into()))
        .collect();
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), properties.into());
    }
    schema
}

/// The schema of all values, when the names are keys: many, none in all objects, and all values of one kind.
fn value_of_keys(objects: &Objects) -> Option<Map<String, Value>> {
    let names = objects.members.len();
    let members: usize = objects.members.values().map(|shape| shape.count).sum();
    let is_many = names >= LEAST_KEYS && names * objects.count >= KEYS_TO_MEMBERS * members;
    let is_in_all = objects.members.values().any(|shape| shape.count == objects.count);
    if !is_many || is_in_all {
        return None;
    }
    let mut shapes = objects.members.values().cloned();
    let mut all = shapes.next()?;
    shapes.for_each(|shape| all.merge(shape));
    (all.kinds().len() <= 1).then(|| schema(&all))
}
