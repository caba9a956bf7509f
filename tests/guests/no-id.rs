//! Forwards events without their ids.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(forget);

fn forget(event: &str) -> Decided {
    let mut decided = calmly(event);
    decided.event_id = None;
    for output in &mut decided.outputs {
        output.id = String::new();
    }
    decided
}
