//! The functions: their names, the kinds that they take, and what they give. What each does is in `calls`.

use crate::kind::Kind;

/// A function. The value before the dot is its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    Int,
    Decimal,
    String,
    Timestamp,
    Duration,
    Dyn,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `size(x)`
    Plain,
    /// `x.startsWith(y)`
    Method,
    Both,
}

/// A function, its name, how it is called, the kinds of each argument, and its result.
type Row = (Function, &'static str, Style, &'static [&'static [Kind]], Kind);

const FUNCTIONS: [Row; 10] = [
    (
        Function::Size,
        "size",
        Style::Both,
        &[&[Kind::Text, Kind::List, Kind::Map]],
        Kind::Integer,
    ),
    (
        Function::StartsWith,
        "startsWith",
        Style::Method,
        &[&[Kind::Text], &[Kind::Text]],
        Kind::Bool,
    ),
    (
        Function::EndsWith,
        "endsWith",
        Style::Method,
        &[&[Kind::Text], &[Kind::Text]],
        Kind::Bool,
    ),
    (
        Function::Contains,
        "contains",
        Style::Method,
        &[&[Kind::Text], &[Kind::Text]],
        Kind::Bool,
    ),
    (
        Function::Int,
        "int",
        Style::Plain,
        &[&[Kind::Number, Kind::Text]],
        Kind::Integer,
    ),
    (
        Function::Decimal,
        "decimal",
        Style::Plain,
        &[&[Kind::Number, Kind::Text]],
        Kind::Number,
    ),
    (
        Function::String,
        "string",
        Style::Plain,
        &[&[Kind::Number, Kind::Text, Kind::Bool]],
        Kind::Text,
    ),
    (
        Function::Timestamp,
        "timestamp",
        Style::Plain,
        &[&[Kind::Text, Kind::Timestamp]],
        Kind::Timestamp,
    ),
    (
        Function::Duration,
        "duration",
        Style::Plain,
        &[&[Kind::Text, Kind::Duration]],
        Kind::Duration,
    ),
    (Function::Dyn, "dyn", Style::Plain, &[&[Kind::Any]], Kind::Any),
];

/// Functions of the language that are left out, and why.
const LEFT_OUT: [(&str, &str); 8] = [
    (
        "double",
        "there is no double: numbers are exact, and decimal(…) reads one from a string",
    ),
    ("uint", "there is no uint: numbers are of one type"),
    ("bytes", "there are no bytes"),
    ("type", "there is no type(…): the schema says of which type a member is"),
    ("now", "there is no clock: compare with a time of the event"),
    ("bool", "there is no bool(…): compare with 'true'"),
    ("has", "has(…) is for a member, such as has(event.note)"),
    ("matches", "matches takes a string and a pattern"),
];

impl Function {
    /// Finds a function, given the kinds of its arguments, and says what it gives.
    pub(crate) fn find(name: &str, is_method: bool, arguments: &[Kind]) -> Result<(Self, Kind), String> {
        let Some((function, _, style, expected, result)) = FUNCTIONS.iter().find(|(_, known, ..)| *known == name)
        else {
            let left_out = LEFT_OUT.iter().find(|(known, _)| *known == name);
            return Err(left_out.map_or_else(|| unknown(name), |(_, why)| (*why).to_owned()));
        };
        match (style, is_method) {
            (Style::Plain, true) => return Err(format!("{name} takes its argument in parentheses: {name}(…)")),
            (Style::Method, false) => return Err(format!("{name} stands after a value: ….{name}(…)")),
            _ => {}
        }
        if expected.len() != arguments.len() {
            let takes = expected.len() - usize::from(is_method);
            let given = arguments.len().saturating_sub(usize::from(is_method));
            return Err(format!("{name} takes {takes} in its parentheses, not {given}"));
        }
        for (kinds, argument) in expected.iter().zip(arguments) {
            if !kinds.iter().any(|kind| argument.may_be(*kind)) {
                return Err(format!("{name} does not take {}", argument.name()));
            }
        }
        Ok((*function, *result))
    }

    pub(crate) fn name(self) -> &'static str {
        let row = FUNCTIONS.iter().find(|(function, ..)| *function == self);
        row.map_or("", |(_, name, ..)| name)
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = FUNCTIONS.iter().map(|(_, known, ..)| *known).collect();
    format!(
        "there is no function {}; known: has, all, exists, exists_one, filter, map, matches, {}",
        crate::error::quoted(name),
        names.join(", ")
    )
}
