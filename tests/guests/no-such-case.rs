//! Gives an outcome that is none of the three.
#![allow(unsafe_code, reason = "the harm")]

use std::hint::black_box;

use tidegate_guests::{Outcome, Verdict, calmly};

tidegate_guests::harm!(invent);

fn invent(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    let place: *mut Outcome = &raw mut verdict.outcome;
    // SAFETY: it is a byte wide and only written out again, as the number that it is.
    unsafe { black_box(place.cast::<u8>()).write(77) };
    verdict
}
