//! Conditions on JSON documents in the [Common Expression Language](https://cel.dev), for rules that anyone can write.
//!
//! ```
//! use serde_json::json;
//! use tidegate_cel::{Budget, Expression};
//!
//! let rule = Expression::parse("decimal(event.total) > decimal('0.5')", &["event"]).expect("an expression");
//! let event = json!({ "total": "24.90" });
//! assert_eq!(rule.evaluate(&[&event], &mut Budget::default()), Ok(true));
//! ```
//!
//! It differs from other implementations of the language where an answer could be wrong or endless:
//! - Numbers are one exact type. There is no `double`, no overflow and no rounding.
//! - A number compared with anything else is an error, in either order.
//! - Maps are gone through in the order of their members.
//! - Each evaluation is paid from a [`Budget`] of steps, which is the same on every machine.
//!
//! What can be known beforehand is an error of [`Expression::parse`]: names, kinds of operands, patterns, size and depth. This crate
//! knows nothing of events and policies.

mod budget;
mod builder;
mod calls;
mod compare;
mod decimal;
mod error;
mod evaluate;
mod expression;
mod function;
mod kind;
mod lexer;
mod literal;
mod node;
mod operators;
mod parser;
mod pattern;
mod time;
mod value;

pub use budget::Budget;
pub use error::{EvalError, ParseError};
pub use expression::{Expression, MAX_DEPTH, MAX_NODES};
pub use pattern::MAX_PATTERN_BYTES;
