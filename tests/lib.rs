//! What the tests of the whole share: where the built program and policy are, and gates on the embedded backend.
#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod cli;
mod embedded;

pub use cli::{Finished, dist, tidegate, tidegate_with};
pub use embedded::{Embedded, event};
