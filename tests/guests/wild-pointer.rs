//! Returns a string that begins in its memory and ends far behind it.
#![allow(unsafe_code, reason = "the harm")]

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(point);

fn point(event: &str) -> Decided {
    let mut decided = calmly(event);
    let key = String::leak(decided.key.unwrap_or_default());
    let length = i32::MAX as usize;
    // SAFETY: nothing here reads it, and the host checks.
    decided.key = Some(unsafe { String::from_raw_parts(key.as_mut_ptr(), length, length) });
    decided
}
