//! `--now`: the time that the policy gets.

use clap::Args;
use tidegate_engine::is_time;
use tidegate_model::clock;

/// The time that the policy gets.
#[derive(Debug, Args)]
pub(super) struct Time {
    /// Time that the policy gets, RFC 3339 [default: the current time]
    #[arg(long, value_name = "RFC3339", value_parser = rfc3339)]
    now: Option<String>,
}

impl Time {
    /// The time of the option, or the current time.
    pub(super) fn or_now(&self) -> String {
        self.now.clone().unwrap_or_else(clock::now)
    }
}

fn rfc3339(text: &str) -> Result<String, String> {
    if is_time(text) {
        return Ok(text.to_owned());
    }
    Err("it must be a date and time with an offset, such as 2026-03-01T09:30:00Z".to_owned())
}
