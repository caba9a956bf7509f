//! The shortest possible loop: it calls no function, of its own or of the host.

use tidegate_guests::Decided;

tidegate_guests::harm!(spin);

fn spin(_event: &str) -> Decided {
    #[allow(clippy::empty_loop, reason = "the harm")]
    loop {}
}
