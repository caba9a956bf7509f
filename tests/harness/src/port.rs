//! Free ports.
//!
//! A service that is killed and started again must find its port free, so ports are taken from below the range that the
//! kernel gives to outgoing connections.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;

/// A TCP port that nothing listens on, and that this process has not handed out before.
///
/// # Panics
/// When every port of the range is taken.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that pick ports at the same time start far from each other.
    let start = std::process::id().wrapping_mul(7_919);
    (0..COUNT)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|&port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok())
        .expect("a free port below 32000")
}

#[cfg(test)]
mod tests {
    use super::free_port;

    #[test]
    fn ports_differ() {
        let (a, b) = (free_port(), free_port());
        assert_ne!(a, b);
        assert!([a, b].iter().all(|port| (12_000..32_000).contains(port)));
    }
}
