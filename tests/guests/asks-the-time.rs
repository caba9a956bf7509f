//! Asks the host for the time, again and again.

use std::{hint::black_box, time::Instant};

use tidegate_guests::Decided;

tidegate_guests::harm!(ask);

fn ask(_event: &str) -> Decided {
    loop {
        black_box(Instant::now());
    }
}
