//! Calls itself without end.

use std::hint::black_box;

use tidegate_guests::Decided;

tidegate_guests::harm!(descend);

fn descend(event: &str) -> Decided {
    black_box(deeper(black_box(event.len())));
    tidegate_guests::calmly(event)
}

#[allow(unconditional_recursion, reason = "the harm")]
fn deeper(depth: usize) -> usize {
    black_box(deeper(black_box(depth + 1))) + depth
}
