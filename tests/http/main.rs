//! The HTTP listener under bad and heavy callers: real processes, raw connections.
#![allow(clippy::print_stdout, reason = "figures that people want to see")]

mod full;
mod life;
mod refused;
mod slow;
mod token;
