//! Lines for people on standard error, beside the output of a command. Knows nothing of what they say.

use std::{
    fmt::Display,
    io::{Write, stderr},
};

/// Prints `tidegate: ` and the text. A closed or full standard error does not end the command.
pub(crate) fn print(text: impl Display) {
    let _ = writeln!(stderr(), "tidegate: {text}");
}
