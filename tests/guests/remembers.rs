//! Keeps the last event and reveals it with the next.

use std::sync::Mutex;

use tidegate_guests::{Decided, calmly};

tidegate_guests::harm!(remember);

static LAST: Mutex<String> = Mutex::new(String::new());

fn remember(event: &str) -> Decided {
    if event.contains(r#""trap":true"#) {
        core::arch::wasm32::unreachable()
    }
    let mut decided = calmly(event);
    if let Ok(mut last) = LAST.lock() {
        decided.key = Some(std::mem::replace(&mut *last, event.to_owned()));
    }
    if event.contains(r#""spin":true"#) {
        loop {
            core::hint::spin_loop();
        }
    }
    decided
}
