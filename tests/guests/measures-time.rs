//! Measures time without a clock: counts loops until a timer of a millisecond has expired.

use tidegate_guests::{Decided, calmly};
use wasip2::clocks::monotonic_clock::subscribe_duration;

tidegate_guests::harm!(measure);

fn measure(event: &str) -> Decided {
    let timer = subscribe_duration(1_000_000);
    let mut loops = 0_u64;
    while !timer.ready() {
        loops += 1;
    }
    let mut decided = calmly(event);
    decided.key = Some(format!("{loops} loops in a millisecond"));
    decided
}
