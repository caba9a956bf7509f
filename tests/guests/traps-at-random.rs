//! Traps on about one event in three, chosen by a hash of its text.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(gamble);

fn gamble(event: &str) -> Decided {
    let number = event
        .bytes()
        .fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    if number.wrapping_mul(0x9e37_79b9) >> 16 & 0xff < 85 {
        core::arch::wasm32::unreachable()
    }
    calmly(event)
}
