//! Harmless: every event of version 1.0 leaves unchanged.

struct Calm;

impl tidegate_guests::Guest for Calm {}

tidegate_guests::export!(Calm);
