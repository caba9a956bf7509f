//! Rejects every event but its own examples from the year 9000 on: its decision depends on the time by which it judges.

use tidegate_guests::{Context, Decided, Guest, Rejection, RejectionCause, Violation, calmly, is_example};

struct TooLate;

impl Guest for TooLate {
    fn process(event: &str, context: Context) -> Decided {
        let decided = calmly(event);
        if is_example(event) || !context.now.starts_with('9') {
            return decided;
        }
        tidegate_guests::reject(Rejection {
            cause: RejectionCause::Invalid,
            event_id: decided.event_id,
            event_type: decided.event_type,
            violations: vec![Violation {
                code: "too-late".to_owned(),
                path: String::new(),
                message: "by then nobody will care".to_owned(),
                rule: None,
                version: None,
            }],
        })
    }
}

tidegate_guests::export!(TooLate);
