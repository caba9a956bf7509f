//! Sends a text that is not JSON.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(garble);

fn garble(event: &str) -> Decided {
    let mut decided = calmly(event);
    for output in &mut decided.outputs {
        output.event = Some(r#"{"event_id":"e-1","}}"#.to_owned());
    }
    decided
}
