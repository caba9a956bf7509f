//! Rejects every event but its own examples.

use tidegate_guests::{
    Guest,
    bindings::exports::tidegate::policy::{
        gate::{Context, Misuse, Verdict},
        validation::{Rejection, RejectionCause, Violation},
    },
    forward, is_example, reject,
};

struct Rejects;

impl Guest for Rejects {
    fn process(event: &str, _context: Context) -> Result<Verdict, Misuse> {
        let verdict = forward::<Self>(event);
        if is_example(event) {
            return Ok(verdict);
        }
        Ok(reject(Rejection {
            cause: RejectionCause::Invalid,
            event_id: verdict.event_id,
            event_type: verdict.event_type,
            violations: vec![Violation {
                code: "schema".to_owned(),
                path: String::new(),
                message: "this policy likes no event".to_owned(),
            }],
        }))
    }
}

tidegate_guests::export!(Rejects);
