//! Rejects every event but its own examples from the year 9000 on: what it says hangs on the time by which it judges.

use tidegate_guests::{Context, Guest, Misuse, Rejection, RejectionCause, Verdict, Violation, calmly, is_example};

struct TooLate;

impl Guest for TooLate {
    fn process(event: &str, context: Context) -> Result<Verdict, Misuse> {
        let verdict = calmly(event);
        if is_example(event) || !context.now.starts_with('9') {
            return Ok(verdict);
        }
        Ok(tidegate_guests::reject(Rejection {
            cause: RejectionCause::Invalid,
            event_id: verdict.event_id,
            event_type: verdict.event_type,
            violations: vec![Violation {
                code: "too-late".to_owned(),
                path: String::new(),
                message: "by then nobody will care".to_owned(),
            }],
        }))
    }
}

tidegate_guests::export!(TooLate);
