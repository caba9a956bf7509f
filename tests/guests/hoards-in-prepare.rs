//! Leaves hardly any memory for what comes after `prepare`.

use std::hint::black_box;

tidegate_guests::prepare!(hoard);

fn hoard() {
    black_box(vec![1_u8; 60 << 20]).leak();
}
