//! What a gate itself writes into an envelope. Knows no envelope.

/// `source` of an envelope that a gate makes around a bare event.
pub(super) const GATES_SOURCE: &str = "tidegate";

/// What a gate says of an event that it publishes.
pub(super) const GATES: [&str; 4] = [
    "tidegatesource",
    "tidegateattempt",
    "tidegateredriven",
    "tidegatepolicy",
];
