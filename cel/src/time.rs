//! Timestamps and durations, to the nanosecond. There is no clock.

use chrono::DateTime;

use crate::error::Stop;
use crate::value::Value;

const SECOND: i128 = 1_000_000_000;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999999Z, the bounds of the language.
const TIMESTAMPS: [i128; 2] = [-62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1];

/// About 10,000 years, the bounds of the language.
const DURATIONS: [i128; 2] = [-315_576_000_000 * SECOND, 315_576_000_000 * SECOND];

/// The units of durations, in nanoseconds. One that begins like another stands after it.
const UNITS: [(&str, i128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];

pub(crate) const NO_TIMESTAMP: &str = "the text is not a timestamp such as 2026-03-01T09:30:00Z";
pub(crate) const NO_DURATION: &str = "the text is not a duration such as 90s, 1h30m or 0.5s";

/// A timestamp within bounds.
pub(crate) fn timestamp<'a>(nanoseconds: i128) -> Result<Value<'a>, Stop> {
    within(nanoseconds, TIMESTAMPS)
        .map(Value::Timestamp)
        .ok_or_else(|| Stop::wrong("the timestamp is not in the years 1 to 9999"))
}

/// A duration within bounds.
pub(crate) fn duration<'a>(nanoseconds: i128) -> Result<Value<'a>, Stop> {
    within(nanoseconds, DURATIONS)
        .map(Value::Duration)
        .ok_or_else(|| Stop::wrong("the duration is longer than 10,000 years"))
}

/// Nanoseconds since 1970 of a text of RFC 3339. It has at most nine digits of a second, and no leap second.
pub(crate) fn parse_timestamp(text: &str) -> Option<i128> {
    let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 9 || text.get(17..19) == Some("60") || text.as_bytes().get(10) == Some(&b' ') {
        return None;
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    let nanoseconds = i128::from(time.timestamp()) * SECOND + i128::from(time.timestamp_subsec_nanos());
    within(nanoseconds, TIMESTAMPS)
}

/// Nanoseconds of a text such as `1h30m`, `-1.5s` or `0`.
pub(crate) fn parse_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0;
    while !rest.is_empty() {
        let is_of_number = |letter: char| letter.is_ascii_digit() || letter == '.';
        let (number, after) = rest.split_at(rest.find(|letter| !is_of_number(letter))?);
        let (unit, size) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        sum = within(sum + nanoseconds(number, *size)?, DURATIONS)?;
        rest = &after[unit.len()..];
    }
    Some(sign * sum)
}

/// A number of units, when it is a whole number of nanoseconds.
fn nanoseconds(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut sum = within(format!("0{whole}").parse().ok()?, DURATIONS)?.checked_mul(unit)?;
    let mut digits = 1;
    for digit in fraction.bytes() {
        digits *= 10;
        let part = unit.checked_mul(i128::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?))?;
        if part % digits != 0 || digits > 3600 * SECOND * 10 {
            return None;
        }
        sum += part / digits;
    }
    Some(sum)
}

fn within(nanoseconds: i128, [least, most]: [i128; 2]) -> Option<i128> {
    (least..=most).contains(&nanoseconds).then_some(nanoseconds)
}
