//! Exit codes; `tidegate --help` lists them.

use std::process::ExitCode;

use tidegate_engine::{CallError, Fault};

/// Done, and the answer is no.
pub(crate) const NO: u8 = 1;
const UNUSABLE: u8 = 3;
const FAULT: u8 = 4;

/// The code for a command that did not get done.
pub(crate) fn code_of(error: &anyhow::Error) -> ExitCode {
    let fault = error
        .chain()
        .any(|cause| cause.is::<Fault>() || matches!(cause.downcast_ref::<CallError>(), Some(CallError::Fault(_))));
    ExitCode::from(if fault { FAULT } else { UNUSABLE })
}
