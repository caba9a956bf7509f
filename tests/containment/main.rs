//! Hostile policies: what the engine and the gate do with them, and that nobody else is harmed.

mod calls;
mod given;
mod instructions;
mod isolation;
mod raw;
mod refusals;
