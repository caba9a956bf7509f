//! When an event may leave: at the time that it states where its type says so. Reads no clock; the time to judge by is an argument.

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::contract::Violation;
use crate::event::Event;
use crate::time::{EXPECTED, is_date_time};
use crate::violation::code;

/// How far ahead such a time may be: what the contract allows.
const LONGEST_DAYS: i64 = 7;

impl Event<'_> {
    /// The time before which it must not leave, as it states it; `None`: it may at once.
    pub(crate) fn not_before(&self, now: &str) -> Result<Option<String>, Violation> {
        let place = self.kind.not_before.as_ref().zip(self.value.as_object());
        let Some((place, stated)) = place.and_then(|(place, members)| Some((place, place.find(members)?))) else {
            return Ok(None);
        };
        if stated.is_null() {
            return Ok(None);
        }
        let Some((text, time)) = stated.as_str().and_then(|text| Some((text, read(text)?))) else {
            let code = if stated.is_string() { code::FORMAT } else { code::TYPE };
            return Err(Violation::new(code, place.pointer(), format!("must be {EXPECTED}")));
        };
        let latest = read(now).and_then(|now| now.checked_add_signed(TimeDelta::days(LONGEST_DAYS)));
        if latest.is_some_and(|latest| time > latest) {
            let message = format!("the event leaves at this time, which must be within {LONGEST_DAYS} days");
            return Err(Violation::new(code::MAXIMUM, place.pointer(), message));
        }
        Ok(Some(text.to_owned()))
    }
}

fn read(text: &str) -> Option<DateTime<FixedOffset>> {
    is_date_time(text).then(|| DateTime::parse_from_rfc3339(text).ok())?
}
