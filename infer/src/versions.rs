//! The schemas of the versions of a type. Nothing in the samples tells how an event of one becomes one of the next, so a newer schema
//! takes what an older one takes: the events of each version have the members that this version has, whichever it is.

use serde_json::{Map, Value, json};

use crate::{narrow::narrow, schema::schema, shape::Shape, types::Seen};

/// The schemas, oldest first.
pub(crate) fn schemas(seen: &Seen<'_>) -> Vec<Map<String, Value>> {
    let versions: Vec<Shape> = (0..seen.versions.len()).map(|at| seen.shape(|of| of == at)).collect();
    let mut schemas: Vec<Map<String, Value>> = Vec::new();
    for at in (0..versions.len()).rev() {
        let mut own = schema(&seen.shape(|of| of <= at));
        demand_one_of(&mut own, &versions[..=at].iter().collect::<Vec<_>>());
        let narrowed = match schemas.last() {
            None => own,
            Some(newer) => narrow(newer, &own),
        };
        schemas.push(narrowed);
    }
    schemas.reverse();
    schemas
}

/// Demands of each object the members that all objects of one of the versions have. Those of all versions are demanded already.
fn demand_one_of(schema: &mut Map<String, Value>, versions: &[&Shape]) {
    let versions: Vec<&Shape> = versions
        .iter()
        .copied()
        .filter(|shape| shape.objects.count > 0)
        .collect();
    let in_all = |name: &&str| schema_requires(schema, name);
    let mut own: Vec<Vec<&str>> = Vec::new();
    for shape in &versions {
        let names: Vec<_> = shape.objects.in_all().filter(|name| !in_all(name)).collect();
        if !own.contains(&names) {
            own.push(names);
        }
    }
    let are_told = own.len() > 1 && own.iter().all(|names| !names.is_empty());
    let one_of = own.iter().map(|names| json!({ "required": names }));
    let one_of: Vec<_> = one_of.collect();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, member) in members {
            let shapes: Vec<_> = versions
                .iter()
                .filter_map(|shape| shape.objects.members.get(name))
                .collect();
            if let Some(member) = member.as_object_mut() {
                demand_one_of(member, &shapes);
            }
        }
        if are_told {
            schema.insert("anyOf".to_owned(), one_of.into());
        }
    }
}

fn schema_requires(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|other| other == name))
}
