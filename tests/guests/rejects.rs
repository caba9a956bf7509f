//! Rejects every event but its own examples.

use tidegate_guests::{Decided, Rejection, RejectionCause, Violation, calmly};

tidegate_guests::harm!(reject);

fn reject(event: &str) -> Decided {
    let decided = calmly(event);
    tidegate_guests::reject(Rejection {
        cause: RejectionCause::Invalid,
        event_id: decided.event_id,
        event_type: decided.event_type,
        violations: vec![Violation {
            code: "schema".to_owned(),
            path: String::new(),
            message: "this policy likes no event".to_owned(),
            rule: None,
            version: None,
        }],
    })
}
