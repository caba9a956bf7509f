//! What the tests of the whole share: where the built program and policy are, gates on the embedded backend, and raw
//! connections to them.
#![allow(clippy::missing_panics_doc, reason = "a test that cannot go on panics")]

mod cli;
mod embedded;
mod wire;

pub use cli::{Finished, dist, tidegate};
pub use embedded::{Embedded, event};
pub use wire::{Answer, Wire};
