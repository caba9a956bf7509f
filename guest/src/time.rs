//! Points in time as RFC 3339 texts with an offset. Reads no clock; a time is always an argument.
//!
//! One reader serves the schemas' `date-time`, the `now` of a call and the dates of schedules, so that they cannot
//! disagree. `t` and `z` may be lower case, a fraction may have any number of digits, and second 60 is accepted only where
//! UTC can have one: at 23:59 UTC.

use chrono::{Datelike, NaiveDate};

/// What a time must be, for messages.
pub(crate) const EXPECTED: &str = "a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z";

/// A point in time that keeps its text: the date is read, time of day and offset stay as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// The date at the offset, of a year from 0 to 9999.
    pub date: NaiveDate,
    /// What follows the date: `T`, the time of day and the offset.
    rest: &'a str,
}

/// Whether a text is a date and time with an offset.
pub(crate) fn is_date_time(text: &str) -> bool {
    Timestamp::parse(text).is_some()
}

impl<'a> Timestamp<'a> {
    /// Reads a text; `None` when it is not a date and time with an offset.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let [year @ .., b'-', m1, m2, b'-', d1, d2] = date.as_bytes() else {
            return None;
        };
        let year = pair(year[0], year[1])? * 100 + pair(year[2], year[3])?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, pair(*m1, *m2)?, pair(*d1, *d2)?)?;
        is_time_with_offset(rest.as_bytes()).then_some(Self { date, rest })
    }

    /// The day of the month.
    pub(crate) fn day(&self) -> u32 {
        self.date.day()
    }

    /// The moment, to compare it: seconds at UTC, and the digits of the fraction.
    pub(crate) fn moment(&self) -> (i64, &'a str) {
        let bytes = self.rest.as_bytes();
        let number = |at: usize| pair(bytes[at], bytes[at + 1]).map_or(0, i64::from);
        let after = &self.rest[9..];
        let digits = after.strip_prefix('.').map_or("", |after| {
            let end = after.find(|char: char| !char.is_ascii_digit()).unwrap_or(after.len());
            &after[..end]
        });
        let offset = if digits.is_empty() {
            after
        } else {
            &after[digits.len() + 1..]
        };
        let offset = offset_minutes(offset.as_bytes()).unwrap_or(0);
        let days = i64::from(self.date.num_days_from_ce());
        let seconds = ((days * 24 + number(1)) * 60 + number(4) - offset) * 60 + number(7);
        (seconds, digits.trim_end_matches('0'))
    }

    /// The text of the same time of day and offset on another date; `None` when the year does not have four digits. A leap
    /// second becomes the second before it, since the other date need not have one.
    pub fn on(&self, date: NaiveDate) -> Option<String> {
        if !(0..=9999).contains(&date.year()) {
            return None;
        }
        let mut rest = self.rest.to_owned();
        if self.rest.get(7..9) == Some("60") {
            rest.replace_range(7..9, "59");
        }
        Some(format!(
            "{:04}-{:02}-{:02}{rest}",
            date.year(),
            date.month(),
            date.day()
        ))
    }
}

/// `Thh:mm:ss`, a fraction or none, and `Z` or `±hh:mm`.
fn is_time_with_offset(bytes: &[u8]) -> bool {
    let [b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = bytes else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (pair(*h1, *h2), pair(*m1, *m2), pair(*s1, *s2)) else {
        return false;
    };
    let offset = match rest {
        [b'.', after @ ..] => {
            let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &after[digits..]
        }
        other => other,
    };
    let Some(offset) = offset_minutes(offset) else {
        return false;
    };
    let is_last_minute = || (i64::from(hour * 60 + minute) - offset).rem_euclid(24 * 60) == 24 * 60 - 1;
    hour < 24 && minute < 60 && (second < 60 || second == 60 && is_last_minute())
}

/// How many minutes an offset is ahead of UTC.
fn offset_minutes(bytes: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match bytes {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, pair(*h1, *h2)?, pair(*m1, *m2)?),
        [b'-', h1, h2, b':', m1, m2] => (-1, pair(*h1, *h2)?, pair(*m1, *m2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 60 + minutes))
}

/// The number that two digits stand for.
fn pair(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        /// Two independent readers of the same standard.
        #[test]
        fn agrees_with_the_format_of_the_schema_library(
            text in "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][Tt ]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,4})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?",
            leap in "2016-12-31T([01][0-9]|2[0-3]):[0-5][0-9]:60([Zz]|[+-][0-2][0-9]:[0-5][0-9])",
        ) {
            let schema = json!({ "format": "date-time" });
            let library = jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema");
            prop_assert_eq!(is_date_time(&text), library.is_valid(&json!(text)));
            prop_assert_eq!(is_date_time(&leap), library.is_valid(&json!(leap)));
        }

        #[test]
        fn moments_are_ordered_as_chrono_orders_them(
            one in "20[0-9]{2}-0[1-9]-[0-2][1-8]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,4})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])",
            other in "20[0-9]{2}-0[1-9]-[0-2][1-8]T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,4})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])",
        ) {
            let moment = |text| Timestamp::parse(text).expect("a time").moment();
            let chrono = |text| chrono::DateTime::parse_from_rfc3339(text).expect("a time");
            prop_assert_eq!(moment(&one).cmp(&moment(&other)), chrono(&one).cmp(&chrono(&other)));
        }

        #[test]
        fn takes_any_text(text in any::<String>()) {
            is_date_time(&text);
        }
    }
}
