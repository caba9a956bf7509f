//! Measures time without a clock: counts turns until a timer of a millisecond is up.

use tidegate_guests::{Decided, calmly};
use wasip2::clocks::monotonic_clock::subscribe_duration;

tidegate_guests::harm!(measure);

fn measure(event: &str) -> Decided {
    let timer = subscribe_duration(1_000_000);
    let mut turns = 0_u64;
    while !timer.ready() {
        turns += 1;
    }
    let mut decided = calmly(event);
    decided.reason = format!("{turns} turns in a millisecond");
    decided
}
