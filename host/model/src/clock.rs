//! The time, as the contract writes it. A policy has no clock: the gate passes the time to it.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// Now, RFC 3339 with milliseconds, such as `2026-03-01T09:30:00.250Z`.
pub fn now() -> String {
    rfc3339(Utc::now())
}

/// `at` as RFC 3339 with milliseconds.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Milliseconds since 1970.
pub fn unix_millis() -> i64 {
    Utc::now().timestamp_millis()
}

/// A duration in milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
