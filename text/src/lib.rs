//! Text for people, in logs, on terminals and in messages. The policy and the host use the same functions, so that one
//! character looks the same wherever it is shown.
//!
//! Knows no events, no policy and no terminal. It depends on nothing and builds for WebAssembly.

pub mod cut;
pub mod escape;
pub mod number;
pub mod pointer;
pub mod quote;
