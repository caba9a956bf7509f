//! Rejects every event but its own examples.

use tidegate_guests::{Rejection, RejectionCause, Verdict, Violation, calmly};

tidegate_guests::harm!(reject);

fn reject(event: &str) -> Verdict {
    let verdict = calmly(event);
    tidegate_guests::reject(Rejection {
        cause: RejectionCause::Invalid,
        event_id: verdict.event_id,
        event_type: verdict.event_type,
        violations: vec![Violation {
            code: "schema".to_owned(),
            path: String::new(),
            message: "this policy likes no event".to_owned(),
        }],
    })
}
