//! The next occurrence of a recurring task that was completed. Knows calendars and the two event types involved, and nothing
//! else of the policy.

use chrono::{Days, Months, NaiveDate};
use serde_json::{Map, Value, json};

use crate::derivation::Derived;
use crate::ids;
use crate::time::Timestamp;

/// The type of the event that asks for the next occurrence.
const OCCURRENCE: &str = "task.occurrence-requested";

/// Asks for the next occurrence when a completed task recurs.
///
/// It is due one day, week, month or year after the completed one: after `payload.due_date`, or else after `timestamp`, or
/// else after `now`. Time of day and offset stay as written. A day that the month does not have becomes the last day of that
/// month. A due date after the year 9999 cannot be written, and no event is derived.
pub(crate) fn next(event: &Map<String, Value>, now: &str) -> Derived {
    let payload = event.get("payload");
    let text = |object: Option<&Value>, name: &str| object?.get(name)?.as_str().map(str::to_owned);
    let Some(pattern) = text(payload, "recurring_pattern") else {
        return Derived::Nothing;
    };
    let own = |name: &str| event.get(name).and_then(Value::as_str);
    let timestamp = own("timestamp").unwrap_or(now);
    let previous_due = text(payload, "due_date").unwrap_or_else(|| timestamp.to_owned());
    let next_due = Timestamp::parse(&previous_due).and_then(|due| due.on(following(due.date, &pattern)?));
    let Some(next_due) = next_due else {
        return Derived::Nothing;
    };
    let source = own("event_id").unwrap_or_default();
    let members = [
        ("event_id", Value::String(ids::derive(OCCURRENCE, &[source.as_bytes()]))),
        ("event_type", json!(OCCURRENCE)),
        ("event_version", json!("1.0")),
        ("task_id", event.get("task_id").cloned().unwrap_or_default()),
        ("user_id", event.get("user_id").cloned().unwrap_or_default()),
        ("timestamp", json!(timestamp)),
        (
            "payload",
            json!({
                "recurring_pattern": pattern,
                "previous_due": previous_due,
                "next_due": next_due,
                "source_event_id": source,
            }),
        ),
    ];
    Derived::Event(
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// The date one interval later; nothing when there is no such date or no such pattern.
fn following(date: NaiveDate, pattern: &str) -> Option<NaiveDate> {
    match pattern {
        "DAILY" => date.checked_add_days(Days::new(1)),
        "WEEKLY" => date.checked_add_days(Days::new(7)),
        "MONTHLY" => date.checked_add_months(Months::new(1)),
        "YEARLY" => date.checked_add_months(Months::new(12)),
        _ => None,
    }
}
