//! Which operation of a migration refuses an event, and whether its author has said that it may. Does the operations one by one.

use serde_json::{Map, Value};
use tidegate_policy::{Conversion, Form, Migration, Operation, Otherwise, StepError, Way, Within};

/// An operation refuses an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The operation by its index; inside `each` and `nested`, by the indices from the outside.
    pub(crate) operation: Vec<usize>,
    /// JSON Pointer to the value at fault.
    pub(crate) path: String,
    /// Why: the name of the reason, a colon, and words.
    pub(crate) reason: String,
    /// Whether the author has said so, or it is a number or a text that a conversion has no form for.
    pub(crate) is_expected: bool,
}

impl Refusal {
    /// The first operation that refuses an event; `None`: none does.
    pub(crate) fn find(migration: &Migration, way: Way, event: &mut Map<String, Value>) -> Option<Self> {
        let found = first(&migration.operations, way, event)?;
        Some(Self {
            is_expected: found.is_expected || way == Way::Down && migration.otherwise.is_some(),
            ..found
        })
    }

    /// The name of the reason.
    pub(crate) fn name(&self) -> &str {
        self.reason.split(':').next().unwrap_or_default()
    }
}

fn first(operations: &[Operation], way: Way, members: &mut Map<String, Value>) -> Option<Refusal> {
    let mut one = |at: usize| refused(&operations[at], at, way, members);
    match way {
        Way::Up => (0..operations.len()).find_map(&mut one),
        Way::Down => (0..operations.len()).rev().find_map(&mut one),
    }
}

/// Does one operation.
fn refused(operation: &Operation, at: usize, way: Way, members: &mut Map<String, Value>) -> Option<Refusal> {
    let alone = Migration {
        from: String::new(),
        to: String::new(),
        operations: vec![operation.clone()],
        otherwise: None,
    };
    let before = Value::Object(members.clone());
    let StepError { path, message } = alone.apply(way, members).err()?;
    let within = match operation {
        Operation::Each(within) | Operation::Nested(within) => inside(within, way, &before, &path),
        _ => None,
    };
    let own = Refusal {
        operation: vec![at],
        is_expected: is_expected(operation, way, before.pointer(&path), &message),
        path,
        reason: message,
    };
    Some(within.map_or(own.clone(), |within| Refusal {
        operation: own.operation.into_iter().chain(within.operation).collect(),
        is_expected: within.is_expected,
        ..own
    }))
}

/// The operation that refuses inside of the object on the way to a path.
fn inside(within: &Within, way: Way, before: &Value, path: &str) -> Option<Refusal> {
    let outer = within.at.pointer();
    let rest = path.strip_prefix(outer)?;
    let object = match before.pointer(outer)? {
        Value::Array(items) => items.get(rest.split('/').nth(1)?.parse::<usize>().ok()?)?,
        object => object,
    };
    first(&within.operations, way, &mut object.as_object()?.clone())
}

fn is_expected(operation: &Operation, way: Way, value: Option<&Value>, message: &str) -> bool {
    let is = |name: &str| message.starts_with(name);
    match operation {
        Operation::Add(add) => add.otherwise == Otherwise::Reject && way == Way::Down && !is("not-an-object"),
        Operation::Remove(remove) => remove.otherwise == Otherwise::Reject && way == Way::Up && !is("not-an-object"),
        Operation::Convert(conversion) => {
            is("not-convertible") && value.is_some_and(|value| has_type(conversion, way, value))
        }
        _ => false,
    }
}

/// Whether a value is a number, a text or a boolean, as the form is that it should have.
fn has_type(conversion: &Conversion, way: Way, value: &Value) -> bool {
    let form = match way {
        Way::Up => conversion.from,
        Way::Down => conversion.to,
    };
    match form {
        Form::Number | Form::Integer => value.is_number(),
        Form::Boolean => value.is_boolean(),
        Form::DecimalString | Form::IntegerString | Form::BooleanString => value.is_string(),
    }
}
