//! `--now`: the time that a command judges by.

use chrono::DateTime;
use clap::Args;
use tidegate_model::clock;

/// The time to judge by.
#[derive(Debug, Args)]
pub(super) struct Time {
    /// The time to judge by, RFC 3339 [default: the time at the start]
    #[arg(long, value_name = "RFC3339", value_parser = rfc3339)]
    now: Option<String>,
}

impl Time {
    /// The time that was given, or the present one.
    pub(super) fn or_now(&self) -> String {
        self.now.clone().unwrap_or_else(clock::now)
    }
}

/// The text, when it is a time. The policy reads it anew: what passes here and not there is a misuse all the same.
fn rfc3339(text: &str) -> Result<String, String> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("it must be a date and time with an offset, such as 2026-03-01T09:30:00Z".to_owned()),
    }
}
