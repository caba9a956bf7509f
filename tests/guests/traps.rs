//! Traps on every event, its own examples included, so that no self-test passes.

use tidegate_guests::{Context, Decided, Guest};

struct Traps;

impl Guest for Traps {
    fn process(_event: &str, _context: Context) -> Decided {
        core::arch::wasm32::unreachable()
    }
}

tidegate_guests::export!(Traps);
