//! What is wrong with an expression, and why an evaluation stopped. Messages say what stands in the expression, never a value of the
//! document: they are written to logs.

use std::borrow::Cow;

/// The longest part of a name that a message repeats.
const MAX_NAME_CHARS: usize = 64;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The byte, from 0.
    pub offset: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// The budget is spent.
    #[error("it takes too many steps")]
    Cost,
    /// A value is missing or of the wrong kind.
    #[error("line {line}, column {column}: {message}")]
    Error {
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
        /// What is wrong, without values.
        message: String,
    },
}

/// Why an evaluation stops, before its place in the text is looked up.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    Cost,
    Wrong {
        message: Cow<'static, str>,
        /// The byte of the node that failed, once it is known.
        at: Option<usize>,
    },
}

impl Stop {
    /// This is wrong.
    pub(crate) fn wrong(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Wrong {
            message: message.into(),
            at: None,
        }
    }

    /// At this byte, unless a more exact place is known.
    pub(crate) fn at(self, offset: usize) -> Self {
        match self {
            Self::Wrong { message, at: None } => Self::Wrong {
                message,
                at: Some(offset),
            },
            stop => stop,
        }
    }
}

impl ParseError {
    /// At this byte of a text.
    pub(crate) fn new(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = place(text, offset);
        Self {
            line,
            column,
            offset,
            message: message.into(),
        }
    }
}

impl EvalError {
    /// The reason, with its place in a text.
    pub(crate) fn new(text: &str, stop: Stop) -> Self {
        match stop {
            Stop::Cost => Self::Cost,
            Stop::Wrong { message, at } => {
                let (line, column) = place(text, at.unwrap_or_default());
                Self::Error {
                    line,
                    column,
                    message: message.into_owned(),
                }
            }
        }
    }
}

/// A name of the expression, fit for a message.
pub(crate) fn quoted(name: &str) -> String {
    let mut chars = name.chars();
    let first: String = chars.by_ref().take(MAX_NAME_CHARS).collect();
    let rest = if chars.next().is_some() { "…" } else { "" };
    format!("{first:?}{rest}")
}

/// The line and the column of a byte.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
