//! Returns a decision that is none of the three.
#![allow(unsafe_code, reason = "the harm")]

use std::hint::black_box;

use tidegate_guests::{Decided, Decision, calmly};

tidegate_guests::harm!(invent);

fn invent(event: &str) -> Decided {
    let mut decided = calmly(event);
    let case: *mut Decision = &raw mut decided.decision;
    // SAFETY: it is a byte wide and only written out again, as the number that it is.
    unsafe { black_box(case.cast::<u8>()).write(77) };
    decided
}
