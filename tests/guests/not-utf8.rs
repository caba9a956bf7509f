//! Gives bytes that are not UTF-8 for a string.
#![allow(unsafe_code, reason = "the harm")]

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(garble);

fn garble(event: &str) -> Verdict {
    let mut verdict = calmly(event);
    // SAFETY: nothing here reads it, and the host checks.
    verdict.reason = unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xfe]) };
    verdict
}
