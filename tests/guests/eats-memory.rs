//! Allocates memory until it is refused, and traps then.

use std::hint::black_box;

use tidegate_guests::Decided;

tidegate_guests::harm!(eat);

fn eat(_event: &str) -> Decided {
    let mut eaten = Vec::new();
    loop {
        eaten.push(black_box(vec![1_u8; 1 << 20]));
    }
}
