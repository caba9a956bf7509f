//! Returns bytes that are not UTF-8 as a string.
#![allow(unsafe_code, reason = "the harm")]

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(garble);

fn garble(event: &str) -> Decided {
    let mut decided = calmly(event);
    // SAFETY: nothing here reads it, and the host checks.
    decided.key = Some(unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xfe]) });
    decided
}
