//! Sends on a channel that its catalog does not list.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(stray);

fn stray(event: &str) -> Decided {
    let mut decided = calmly(event);
    for output in &mut decided.outputs {
        output.channel = "nowhere".to_owned();
    }
    decided
}
