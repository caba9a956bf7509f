//! Log lines that a caller can provoke: one every ten seconds, with the number of suppressed ones. Knows no logger: the
//! caller asks whether to log.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Time between two lines of a kind.
const PAUSE: Duration = Duration::from_secs(10);

/// The lines of one kind.
#[derive(Debug, Default)]
pub struct RateLimitedLog(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

impl RateLimitedLog {
    /// A limit that has allowed no line yet.
    pub const fn new() -> Self {
        Self(Mutex::new(State {
            last: None,
            suppressed: 0,
        }))
    }

    /// The number of lines suppressed since the last one, when another is allowed.
    pub fn allow(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| last.elapsed() < PAUSE) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(Instant::now());
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::RateLimitedLog;

    #[test]
    fn a_second_line_at_once_is_suppressed() {
        let lines = RateLimitedLog::new();
        assert_eq!(lines.allow(), Some(0));
        assert_eq!(lines.allow(), None);
    }
}
