//! Colours, on a terminal only and never when `NO_COLOR` is set.

use std::{
    env,
    fmt::Display,
    io::{IsTerminal, stderr, stdout},
};

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
}

impl Paint {
    /// For what is written to standard output.
    pub(crate) fn for_stdout() -> Self {
        Self::new(stdout().is_terminal())
    }

    /// For what is written to standard error.
    pub(crate) fn for_stderr() -> Self {
        Self::new(stderr().is_terminal())
    }

    /// True when text is painted.
    pub(crate) fn is_on(self) -> bool {
        self.colours
    }

    pub(crate) fn good(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn bad(self, text: impl Display) -> String {
        self.wrap("31", text)
    }

    pub(crate) fn odd(self, text: impl Display) -> String {
        self.wrap("33", text)
    }

    pub(crate) fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    fn new(terminal: bool) -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colours: terminal && !unwanted,
        }
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}
