//! Faults: the policy misbehaving. Never an event's decision.

use std::fmt;

use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use crate::wasi::Waits;

/// A call that the policy did not answer as the contract says.
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
    /// It trapped: a panic, an illegal instruction, an out-of-bounds access, an end of its own making.
    Trap,
    /// It ran longer than the deadline, or wanted to wait.
    Deadline,
    /// It asked for more memory, or more handles, than the cap and did not survive the refusal.
    Memory,
    /// Its call stack overflowed.
    Stack,
    /// Its answer was larger than the output cap.
    Output,
    /// Its answer broke the contract, for example an enum case that does not exist, or it gave the host what the host does
    /// not take.
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
        // Only wasmtime's own words for a trap: a panic message could hold a payload.
        let trap = source.downcast_ref::<wasmtime::Trap>().map(ToString::to_string);
        Self {
            kind,
            function,
            detail: Detail(trap),
            source: Some(source),
        }
    }

    /// The call waited instead of running: no tick counts while it does.
    pub(crate) fn waited(function: &'static str) -> Self {
        Self {
            kind: FaultKind::Deadline,
            function,
            detail: Detail(Some("it waited for something".to_owned())),
            source: None,
        }
    }

    /// Says which fault `error` is, given what the sandbox saw.
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

    /// The host ended the call: what it was asked for, or given, was too much or made no sense.
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
