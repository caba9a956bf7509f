//! The limits of connections and requests.

use std::time::Duration;

/// The limits of connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time.
    pub connections: usize,
    /// Number of headers of a request.
    pub header_count: usize,
    /// Bytes of the head of a request.
    pub header_bytes: usize,
    /// Time for the head of a request.
    pub header: Duration,
    /// Time for reading the body of a request, and for writing the answer.
    pub body: Duration,
    /// Time for a request as a whole.
    pub request: Duration,
    /// Largest event, in bytes; a delivery may be twice as large.
    pub body_bytes: usize,
}
