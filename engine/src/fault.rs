//! Faults: the policy misbehaves. A fault is never a decision on an event.

use std::fmt;

use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use crate::wasi::Waits;

/// A call that the policy did not answer as the contract demands.
#[derive(Debug, thiserror::Error)]
#[error("the policy faulted in {function}: {kind}{detail}")]
pub struct Fault {
    /// What it did.
    pub kind: FaultKind,
    /// The function of the contract that was called.
    pub function: &'static str,
    detail: Detail,
    #[source]
    source: Option<wasmtime::Error>,
}

/// The ways in which a policy can misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It trapped: a panic, an illegal instruction, an out-of-bounds access, an exit.
    Trap,
    /// It ran longer than the deadline, or tried to wait.
    Deadline,
    /// It asked for more memory or handles than the limit, was refused, and trapped.
    Memory,
    /// Its call stack overflowed.
    Stack,
    /// Its answer was larger than the output limit.
    Output,
    /// Its answer broke the contract, for example with an enum case that does not exist, or it passed the host something
    /// invalid.
    Answer,
    /// No instance could be made of it.
    Instantiate,
}

impl FaultKind {
    /// The kind as one word, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Output => "output",
            Self::Answer => "answer",
            Self::Instantiate => "instantiate",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug)]
struct Detail(Option<String>);

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |text| write!(f, " ({text})"))
    }
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, function: &'static str, source: wasmtime::Error) -> Self {
        // Only the text that wasmtime has for a trap: a panic message could contain a payload.
        let trap = source.downcast_ref::<wasmtime::Trap>().map(ToString::to_string);
        Self {
            kind,
            function,
            detail: Detail(trap),
            source: Some(source),
        }
    }

    /// The call waited instead of running. No tick is counted while it waits.
    pub(crate) fn waited(function: &'static str) -> Self {
        Self {
            kind: FaultKind::Deadline,
            function,
            detail: Detail(Some("it waited for something".to_owned())),
            source: None,
        }
    }

    /// The fault that `error` is, given what the sandbox has recorded.
    pub(crate) fn of_call(function: &'static str, error: wasmtime::Error, memory_refused: bool) -> Self {
        let kind = match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::Interrupt) => FaultKind::Deadline,
            Some(wasmtime::Trap::StackOverflow) => FaultKind::Stack,
            Some(_) if memory_refused => FaultKind::Memory,
            Some(_) => FaultKind::Trap,
            None => Self::kind_without_trap(&error),
        };
        Self::new(kind, function, error)
    }

    /// The host ended the call, since a request or an answer was too large or invalid.
    fn kind_without_trap(error: &wasmtime::Error) -> FaultKind {
        if error.is::<Waits>() {
            FaultKind::Deadline
        } else if error.is::<I32Exit>() {
            FaultKind::Trap
        } else if let Some(ResourceTableError::Full) = error.downcast_ref() {
            FaultKind::Memory
        } else {
            // wasmtime has no types for these.
            match error.to_string() {
                text if text.contains("store handle limit exceeded") => FaultKind::Memory,
                text if text.contains("fuel allocated for hostcalls") => FaultKind::Output,
                _ => FaultKind::Answer,
            }
        }
    }
}
