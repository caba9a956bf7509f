//! Forwards events and does not say which.

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(forget);

fn forget(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    verdict.event_id = None;
    for output in &mut verdict.outputs {
        output.id = String::new();
    }
    verdict
}
