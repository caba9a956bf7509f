//! Exit codes; `tidegate --help` lists them.

use std::{io, process::ExitCode};

use tidegate_engine::{CallError, Fault};

/// Done, and the answer is no.
pub(crate) const NO: u8 = 1;
const MISUSE: u8 = 2;
const UNUSABLE: u8 = 3;
const FAULT: u8 = 4;

/// The code for a command that did not get done.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    let code = error.chain().find_map(|cause| match cause.downcast_ref::<CallError>() {
        // Its arguments come from the command line.
        Some(CallError::Misuse(_)) => Some(MISUSE),
        Some(CallError::Fault(_)) => Some(FAULT),
        None => cause.is::<Fault>().then_some(FAULT),
    });
    ExitCode::from(code.unwrap_or(UNUSABLE))
}

/// True when nobody reads the output any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => broken(error),
        None => {
            cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind)
                == Some(io::ErrorKind::BrokenPipe)
        }
    })
}
