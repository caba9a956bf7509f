//! Rejects every event and traps when it has to build a dead letter.

use tidegate_guests::{Context, Decided, FailedEvent, Guest, Misuse, Output, Rejection, RejectionCause, Violation};

struct NoLetters;

impl Guest for NoLetters {
    fn process(event: &str, _context: Context) -> Result<Decided, Misuse> {
        let decided = tidegate_guests::calmly(event);
        if tidegate_guests::is_example(event) {
            return Ok(decided);
        }
        Ok(tidegate_guests::reject(Rejection {
            cause: RejectionCause::Invalid,
            event_id: decided.event_id,
            event_type: decided.event_type,
            violations: vec![Violation {
                code: "schema".to_owned(),
                path: String::new(),
                message: "this policy likes no event".to_owned(),
            }],
        }))
    }

    fn dead_letter(_failed: &FailedEvent, _now: &str) -> Result<Vec<Output>, Misuse> {
        core::arch::wasm32::unreachable()
    }
}

tidegate_guests::export!(NoLetters);
