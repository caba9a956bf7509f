//! Asks for memory without end, also after it is refused.

use tidegate_guests::Decided;

tidegate_guests::harm!(ask);

fn ask(_event: &str) -> Decided {
    loop {
        core::arch::wasm32::memory_grow(0, 1);
    }
}
