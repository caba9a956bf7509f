//! An expression: a text that was understood, and is ready to be evaluated.

use serde_json::Value as Json;

use crate::budget::Budget;
use crate::error::{EvalError, ParseError, Stop};
use crate::evaluate::Evaluation;
use crate::node::Node;
use crate::parser;
use crate::value::Value;

pub use crate::builder::{MAX_DEPTH, MAX_NODES};

/// A condition on some variables.
#[derive(Debug)]
pub struct Expression {
    text: String,
    root: Node,
}

impl Expression {
    /// Understands a text, in which these variables may stand.
    ///
    /// # Errors
    /// When it is no expression of the language, has other names, is too large, or can only be wrong.
    pub fn parse(text: &str, variables: &[&str]) -> Result<Self, ParseError> {
        let root = parser::parse(text, variables)?;
        Ok(Self {
            text: text.to_owned(),
            root,
        })
    }

    /// Whether the condition holds for these values of the variables, in the order in which they were named.
    ///
    /// # Errors
    /// When a value is missing or of the wrong kind, or the budget is spent.
    pub fn evaluate(&self, values: &[&Json], budget: &mut Budget) -> Result<bool, EvalError> {
        let result = Evaluation::new(values, budget).value(&self.root);
        let holds = result.and_then(|value| match value {
            Value::Bool(holds) => Ok(holds),
            other => Err(Stop::wrong(format!(
                "it gives {}, not true or false",
                other.kind().name()
            ))),
        });
        holds.map_err(|stop| EvalError::new(&self.text, stop))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}
