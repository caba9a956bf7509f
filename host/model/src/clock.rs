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

/// The milliseconds since 1970 of an RFC 3339 text; `None`: it is none.
pub fn parse(text: &str) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.timestamp_millis())
}

/// Milliseconds since 1970 as RFC 3339.
pub fn of_millis(millis: i64) -> String {
    rfc3339(DateTime::from_timestamp_millis(millis).unwrap_or_default())
}

/// Milliseconds since 1970.
pub fn unix_millis() -> i64 {
    Utc::now().timestamp_millis()
}

/// A duration in milliseconds.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}
