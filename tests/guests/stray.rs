//! Sends on a channel that its catalog does not list.

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(stray);

fn stray(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    for output in &mut verdict.outputs {
        output.channel = "nowhere".to_owned();
    }
    verdict
}
