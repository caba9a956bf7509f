//! Allocates memory without end when it is prepared.

use std::hint::black_box;

tidegate_guests::prepare!(fill);

fn fill() {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}
