//! Traps on events that hold `"trap":true`, and on no others.

use tidegate_guests::{Verdict, calmly};

tidegate_guests::harm!(judge);

fn judge(event: &str) -> Verdict {
    if event.contains(r#""trap":true"#) {
        core::arch::wasm32::unreachable()
    }
    calmly(event)
}
