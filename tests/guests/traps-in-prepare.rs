//! Traps when it is prepared.

tidegate_guests::prepare!(core::arch::wasm32::unreachable);
