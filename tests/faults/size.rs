//! How large the faults are: short for every run of the tests, full for `cargo xtask soak`.

use std::time::Duration;

/// The variable that asks for the full size: minutes of steady load. (What begins with `TIDEGATE_` is the gate's configuration.)
const SOAK: &str = "SOAK_MINUTES";

/// How large the faults are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Events of one test under load.
    pub(crate) events: usize,
    /// Kills of one test under load.
    pub(crate) kills: usize,
    /// How long a service is stopped.
    pub(crate) outage: Duration,
    /// How long each step of a test may take; the whole of it twice as long.
    pub(crate) limit: Duration,
    /// How long a steady load lasts; absent: there is none.
    pub(crate) steady: Option<Duration>,
}

impl Size {
    /// As the environment asks.
    pub(crate) fn asked() -> Self {
        match std::env::var(SOAK) {
            Ok(minutes) => Self {
                events: 10_000,
                kills: 30,
                outage: Duration::from_secs(20),
                limit: Duration::from_mins(6),
                steady: Some(Duration::from_mins(minutes.parse().unwrap_or(10))),
            },
            Err(_) => Self {
                events: 1_500,
                kills: 8,
                outage: Duration::from_secs(5),
                limit: Duration::from_secs(100),
                steady: None,
            },
        }
    }
}
