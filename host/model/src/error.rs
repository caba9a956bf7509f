//! Errors as one line of text, for logs and responses.

use std::error::Error;

/// The error and its sources in one line, joined by `: `. A source is not repeated when the line ends with it.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line
}
