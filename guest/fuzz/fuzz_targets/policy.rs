//! Any bytes, through everything that a policy does with an event. Run it with `cargo +nightly fuzz run policy`.
#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::check(bytes));
