//! What a policy for tests knows: types and versions, and how an event is checked against them.

use serde_json::{Value, json};

use crate::bindings::exports::tidegate::policy::validation::{
    Accepted, Alert, CloudEvents, DeadLetters, Envelope, EventTypeInfo, Limits, PolicyCatalog, Rejection,
    RejectionCause, VersionInfo, Violation,
};

/// How long to wait before each retry.
pub(crate) const DELAYS_MS: [u32; 3] = [1000, 2000, 4000];

/// The types that the builtin policy accepts.
pub(crate) const TYPES: &[&str] = &[
    "reminder.cancelled",
    "reminder.due",
    "reminder.scheduled",
    "task.completed",
    "task.created",
    "task.deleted",
    "task.updated",
];

/// What a policy accepts.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    types: &'static [&'static str],
    versions: &'static [&'static str],
}

/// An event that was read.
#[derive(Debug)]
pub struct Read {
    pub id: String,
    pub event_type: String,
    pub version: String,
    pub key: String,
}

/// True for the events of the catalog: a hostile policy judges them correctly to pass the self-test.
pub fn is_example(event: &str) -> bool {
    event.starts_with(r#"{"event_id":"example-"#)
}

fn example(name: &str, version: &str) -> String {
    format!(
        r#"{{"event_id":"example-{name}","event_type":"{name}","event_version":"{version}","task_id":1,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{}}}}"#
    )
}

impl Known {
    pub fn new(types: &'static [&'static str], versions: &'static [&'static str]) -> Self {
        Self { types, versions }
    }

    /// Reads an event that the policy accepts.
    pub fn read(self, event: &str) -> Result<Read, Rejection> {
        let Ok(value @ Value::Object(_)) = serde_json::from_str::<Value>(event) else {
            return Err(rejection(RejectionCause::Unreadable, None, "not-an-object", ""));
        };
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let read = Read {
            id: text("event_id"),
            event_type: text("event_type"),
            version: value["event_version"].as_str().unwrap_or("1.0").to_owned(),
            key: text("user_id"),
        };
        let (code, path) = if read.id.is_empty() {
            ("min-length", "/event_id")
        } else if read.key.is_empty() {
            ("empty-user-id", "/user_id")
        } else if !self.types.contains(&&*read.event_type) {
            ("unknown-event-type", "/event_type")
        } else if !self.versions.contains(&&*read.version) {
            ("unknown-version", "/event_version")
        } else {
            return Ok(read);
        };
        let cause = if code.starts_with("unknown") {
            RejectionCause::Unknown
        } else {
            RejectionCause::Invalid
        };
        Err(rejection(cause, Some(read), code, path))
    }

    pub fn validate(self, event: &str) -> Result<Accepted, Rejection> {
        self.read(event).map(|read| Accepted {
            claim: Some(read.id.clone()),
            event_id: read.id,
            event_type: read.event_type,
            event_version: read.version,
            key: Some(read.key),
        })
    }

    /// Everything that the policy knows, with an example of each.
    pub fn catalog(self, version: &str, channels: &[&str]) -> PolicyCatalog {
        let versions = self.versions;
        let mut event_types: Vec<_> = self
            .types
            .iter()
            .map(|&name| EventTypeInfo {
                name: name.to_owned(),
                versions: versions
                    .iter()
                    .map(|version| VersionInfo {
                        version: (*version).to_owned(),
                        example: example(name, version),
                    })
                    .collect(),
                target_version: versions.last().copied().unwrap_or_default().to_owned(),
                default_version: versions.first().copied().unwrap_or_default().to_owned(),
                migrations: Vec::new(),
                rules: Vec::new(),
                drop_rules: Vec::new(),
                accepted: true,
                channels: vec!["task-events".to_owned()],
                retry_delays_ms: DELAYS_MS.to_vec(),
            })
            .collect();
        event_types.sort_by(|one, other| one.name.cmp(&other.name));
        PolicyCatalog {
            name: "calm".to_owned(),
            version: version.to_owned(),
            digest: None,
            event_types,
            channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
            envelope: Envelope {
                id: Some("/event_id".to_owned()),
                event_type: "/event_type".to_owned(),
                version: Some("/event_version".to_owned()),
                key: Some("/user_id".to_owned()),
                time: Some("/timestamp".to_owned()),
            },
            cloud_events: CloudEvents {
                attributes: Vec::new(),
                payload: None,
            },
            dead_letters: DeadLetters {
                channel: "dlq".to_owned(),
                event_type: "dlq.failed".to_owned(),
                template: None,
            },
            alerts: vec![Alert {
                channel: "ops-alerts".to_owned(),
                event_types: None,
            }],
            limits: Limits {
                event_bytes: 1 << 20,
                depth: 128,
            },
        }
    }
}

fn rejection(cause: RejectionCause, read: Option<Read>, code: &str, path: &str) -> Rejection {
    let (id, event_type) = read.map(|read| (read.id, read.event_type)).unzip();
    Rejection {
        cause,
        event_id: id,
        event_type,
        violations: vec![Violation {
            code: code.to_owned(),
            path: path.to_owned(),
            message: json!({ "wrong": code }).to_string(),
            rule: None,
            version: None,
        }],
    }
}
