//! Bounds of connections and of what comes over them.

use std::time::Duration;

/// Bounds of connections and of what comes over them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Headers of a request.
    pub header_count: usize,
    /// Bytes of its head.
    pub header_bytes: usize,
    /// Time for the head of a request.
    pub header: Duration,
    /// Time for the body of a request, and for writing the answer.
    pub body: Duration,
    /// Time for a request as a whole.
    pub request: Duration,
    /// Largest event, in bytes; a delivery may be twice as large.
    pub body_bytes: usize,
}
