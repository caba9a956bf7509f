//! Makes a valid event from a publisher's draft. Sends nothing; the result is judged like any other event.

use serde_json::{Map, Number, Value};
use tidegate_text::number::is_plain_integer;

use crate::contract::{Composed, Draft, Rejection, RejectionCause, Violation};
use crate::parse::{Bounds, read_object};
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::violation::{code, in_order, under};

impl Policy {
    /// Makes an event. Fails with all violations of the draft. Paths point into the event; but when the payload is not JSON,
    /// line and column in the message refer to the payload's own text.
    pub fn compose(&self, draft: &Draft, now: &str) -> Result<Composed, Rejection> {
        let mut violations = Vec::new();
        let task_id = if is_plain_integer(&draft.task_id) {
            draft.task_id.as_str()
        } else {
            violations.push(Violation::new(code::TYPE, "/task_id", "must be an integer"));
            "0"
        };
        let payload = self.payload_of(&draft.payload).unwrap_or_else(|found| {
            violations.extend(found);
            Map::new()
        });
        let unreadable = violations.iter().any(|violation| violation.code != code::TYPE);
        let timestamp = draft.timestamp.as_deref().unwrap_or(now);
        if Timestamp::parse(timestamp).is_none() {
            violations.push(Violation::new(
                code::FORMAT,
                "/timestamp",
                "must be a date and time with an offset (RFC 3339)",
            ));
        }
        let has_id = draft.event_id.is_some() || violations.iter().all(|found| found.path.starts_with("/payload"));
        let event_id = match &draft.event_id {
            Some(id) => id.clone(),
            None => format!("{}-{task_id}-{timestamp}", draft.event_type),
        };
        let version = draft.event_version.as_deref().or_else(|| {
            let oldest = self.event_type(&draft.event_type)?.versions.first()?;
            Some(&oldest.name)
        });

        let mut members = Map::with_capacity(7);
        let mut set = |name: &str, value| members.insert(name.to_owned(), value);
        set("event_id", Value::String(event_id.clone()));
        set("event_type", Value::String(draft.event_type.clone()));
        if let Some(version) = version {
            set("event_version", Value::String(version.to_owned()));
        }
        set(
            "task_id",
            Value::Number(Number::from_string_unchecked(task_id.to_owned())),
        );
        set("user_id", Value::String(draft.user_id.clone()));
        set("timestamp", Value::String(timestamp.to_owned()));
        // A payload that is already known to be bad must not be reported again for the members that it lacks.
        let payload_known_bad = violations
            .iter()
            .any(|violation| violation.path.starts_with("/payload"));
        set("payload", Value::Object(payload));

        match self.judge(members) {
            Ok(event) if violations.is_empty() => {
                let event = event.to_text();
                match self.too_large(&event) {
                    None => Ok(Composed { event_id, event }),
                    Some(violation) => Err(rejection(
                        draft,
                        Some(event_id),
                        RejectionCause::Unreadable,
                        vec![violation],
                    )),
                }
            }
            judged => {
                let mut cause = RejectionCause::Invalid;
                if let Err(rejected) = judged {
                    cause = rejected.cause;
                    let news = rejected
                        .violations
                        .into_iter()
                        .filter(|violation| !(payload_known_bad && violation.path.starts_with("/payload")));
                    violations.extend(news);
                }
                if unreadable {
                    cause = RejectionCause::Unreadable;
                }
                let event_id = has_id.then_some(event_id);
                Err(rejection(draft, event_id, cause, in_order(violations)))
            }
        }
    }

    /// Reads the payload as strictly as the event that will contain it.
    fn payload_of(&self, text: &str) -> Result<Map<String, Value>, Vec<Violation>> {
        let whole = self.bounds();
        let bounds = Bounds {
            depth: whole.depth.saturating_sub(1),
            ..whole
        };
        read_object(text.as_bytes(), bounds).map_err(|mut violations| {
            for violation in &mut violations {
                violation.path = under("payload", &violation.path);
                if violation.code == code::NOT_AN_OBJECT {
                    code::TYPE.clone_into(&mut violation.code);
                    "must be an object".clone_into(&mut violation.message);
                }
            }
            violations
        })
    }
}

fn rejection(draft: &Draft, event_id: Option<String>, cause: RejectionCause, violations: Vec<Violation>) -> Rejection {
    Rejection {
        cause,
        event_id,
        event_type: Some(draft.event_type.clone()),
        violations,
    }
}
