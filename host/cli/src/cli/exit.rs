//! Exit codes and error messages. `tidegate --help` lists the codes.

use std::{io, process::ExitCode};

use tidegate_engine::{CallError, Fault};
use tidegate_policies::unusable::Unusable;

use super::words::visible;

/// The command worked, and the answer is no.
pub(crate) const NO: u8 = 1;
/// The command line is wrong.
pub(crate) const MISUSE: u8 = 2;
const UNUSABLE: u8 = 3;
const FAULT: u8 = 4;

/// The code of a command that failed.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    let code = error.chain().find_map(|cause| match cause.downcast_ref::<CallError>() {
        // The arguments of the call come from the command line.
        Some(CallError::NotATime(_)) => Some(MISUSE),
        Some(CallError::Fault(_)) => Some(FAULT),
        None => (cause.is::<Fault>() || cause.is::<Unusable>()).then_some(FAULT),
    });
    ExitCode::from(code.unwrap_or(UNUSABLE))
}

/// The message of a failed command. An error may repeat text of a policy or an event, so it is escaped line by line.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let lines: Vec<_> = format!("{error:#}").split('\n').map(visible).collect();
    lines.join("\n")
}

/// Whether the reader of the output has closed it.
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
