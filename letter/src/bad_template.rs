//! Why JSON is no template, and where in it. Knows no file.

use std::fmt;

use serde_json::Value;
use tidegate_text::pointer;

use crate::template::{DEPTH, Given};

/// Why JSON is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTemplate {
    /// The keys and indices that lead to what is wrong.
    pub path: Vec<String>,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It names nothing that exists.
    #[error("{0} is neither a JSON Pointer such as /id, nor the name of an attribute, nor one of {list}", list = Given::ALL.map(|(name, _)| name).join(", "))]
    From(Value),
    /// A pointer with a `~` that escapes nothing.
    #[error("{0:?} is no JSON Pointer: write `~0` for a `~` in a name, and `~1` for a `/`")]
    Pointer(String),
    /// It says more of a scalar.
    #[error("beside `from` stands `else` alone: leave `{0}` out")]
    Key(String),
    /// What stands for an absent scalar is none.
    #[error("`else` is a text, a number, true, false or null, and is {0}")]
    Else(Value),
    /// It says something else of the event.
    #[error("`original` is \"members\" or \"text\", and is {0}")]
    Original(Value),
    /// The event has no place.
    #[error("the event stands nowhere: write `{{ original: members }}` or `{{ original: text }}` where it shall stand")]
    Nowhere,
    /// The event has several.
    #[error("the event stands there a second time, and must stand there once")]
    Twice,
    /// The event stands where no reader looks for it.
    #[error("the event stands in objects alone, at most {DEPTH} deep, and its text is a member of one")]
    NoObject,
    /// A name is taken.
    #[error("no member may be called {0}: a gate gives that name a meaning of its own")]
    Taken(String),
}

impl fmt::Display for BadTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut at = String::new();
        self.path.iter().for_each(|step| pointer::push(&mut at, step));
        let at = if at.is_empty() { at } else { format!(" at {at:?}") };
        write!(f, "the template of dead letters{at}: {}", self.problem)
    }
}

impl std::error::Error for BadTemplate {}
