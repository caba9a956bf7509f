//! Colours, on a terminal only and never when `NO_COLOR` is set.

use std::{
    env,
    fmt::Display,
    io::{IsTerminal, stdout},
};

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    on: bool,
}

impl Paint {
    /// For what is written to standard output.
    pub(super) fn for_stdout() -> Self {
        Self::where_wanted(stdout().is_terminal())
    }

    /// Colours where there is a terminal and nobody asks for none.
    pub(super) fn where_wanted(terminal: bool) -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            on: terminal && !unwanted,
        }
    }

    /// True when text is painted.
    pub(super) fn is_on(self) -> bool {
        self.on
    }

    pub(super) fn good(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    pub(super) fn bad(self, text: impl Display) -> String {
        self.wrap("31", text)
    }

    pub(super) fn odd(self, text: impl Display) -> String {
        self.wrap("33", text)
    }

    pub(super) fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    pub(super) fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.on {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}
