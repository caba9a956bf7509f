//! Loops forever when it is prepared.

tidegate_guests::prepare!(spin);

fn spin() {
    #[allow(clippy::empty_loop, reason = "the harm")]
    loop {}
}
