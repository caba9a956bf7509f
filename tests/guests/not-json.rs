//! Sends what is not JSON.

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(garble);

fn garble(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    for output in &mut verdict.outputs {
        output.event = Some(r#"{"event_id":"e-1","}}"#.to_owned());
    }
    verdict
}
