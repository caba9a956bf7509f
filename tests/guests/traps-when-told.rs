//! Traps on events that contain `"trap":true`, and on no others.

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(judge);

fn judge(event: &str) -> Decided {
    if event.contains(r#""trap":true"#) {
        core::arch::wasm32::unreachable()
    }
    calmly(event)
}
