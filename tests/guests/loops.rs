//! Computes without end: calls functions, allocates memory and frees it.

use std::hint::black_box;

use tidegate_guests::Decided;

tidegate_guests::harm!(compute);

fn compute(event: &str) -> Decided {
    let mut sum = event.len();
    loop {
        sum = black_box(sum.wrapping_mul(31)).to_string().len();
    }
}
