//! The demo's events and what is expected of each: `xtask/demo/events.jsonl`, one JSON object a line.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The topics that a gate without configuration writes to.
pub(crate) const OUTPUT_TOPICS: [&str; 5] = [
    "task-events.gated",
    "reminders.gated",
    "dlq",
    "ops-alerts",
    "user-alerts",
];

/// All events, in the order in which they are sent.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) events: Vec<Event>,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    /// What is special about it.
    pub(crate) about: String,
    /// Exactly what is sent.
    pub(crate) bytes: Vec<u8>,
    pub(crate) via: Via,
    pub(crate) expect: Expect,
}

/// How an event meets the policy.
#[derive(Debug)]
pub(crate) enum Via {
    /// It is sent to this topic.
    Topic(String),
    /// `tidegate apply --target` with this version: a gate asks for the latest version only.
    Apply { target: String },
}

/// What is expected of an event.
#[derive(Debug)]
pub(crate) struct Expect {
    /// The disposition of its delivery (`published`, `dead_lettered`, `duplicate`); the policy's decision when it is only applied.
    pub(crate) became: String,
    /// The topics that it leads to, in this order.
    pub(crate) to: Vec<String>,
    /// The codes of its violations, in this order.
    pub(crate) codes: Vec<String>,
    /// A part of the reason.
    pub(crate) reason: String,
    /// Texts that stand in what is sent first.
    pub(crate) holds: Vec<String>,
}

/// A line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    about: String,
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    target: Option<String>,
    /// The event as it stands in the file.
    #[serde(default)]
    event: Option<Box<RawValue>>,
    /// What is no JSON.
    #[serde(default)]
    text: Option<String>,
    /// What is no UTF-8: a text that is sent in Latin-1.
    #[serde(default)]
    latin1: Option<String>,
    /// What is too long for a file that people read.
    #[serde(default)]
    generate: Option<Generate>,
    expect: ExpectLine,
}

/// [`Expect`], as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectLine {
    /// With `topic`.
    #[serde(default)]
    disposition: Option<String>,
    /// With `target`.
    #[serde(default)]
    decision: Option<String>,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    holds: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Generate {
    TooLarge,
    TooDeep,
}

impl Scenario {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().enumerate();
        let events = lines
            .map(|(at, line)| Event::parse(line).with_context(|| format!("line {}", at + 1)))
            .collect::<Result<_>>()?;
        Ok(Self { events })
    }

    /// The topics to send to, in order of appearance.
    pub(crate) fn topics(&self) -> Vec<&str> {
        let mut topics = Vec::new();
        for topic in self.events.iter().filter_map(Event::topic) {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        topics
    }

    /// All events, one a line.
    pub(crate) fn as_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for event in &self.events {
            lines.extend_from_slice(&event.bytes);
            lines.push(b'\n');
        }
        lines
    }
}

impl Event {
    pub(crate) fn topic(&self) -> Option<&str> {
        match &self.via {
            Via::Topic(topic) => Some(topic),
            Via::Apply { .. } => None,
        }
    }

    pub(super) fn parse(line: &str) -> Result<Self> {
        let line: Line = serde_json::from_str(line)?;
        let expect = line.expect;
        let (via, became) = match (line.topic, expect.disposition, line.target, expect.decision) {
            (Some(topic), Some(disposition), None, None) => (Via::Topic(topic), disposition),
            (None, None, Some(target), Some(decision)) => (Via::Apply { target }, decision),
            _ => anyhow::bail!("a line has either `topic` and a `disposition`, or `target` and a `decision`"),
        };
        let bytes = match (line.event, line.text, line.latin1, line.generate) {
            (Some(event), None, None, None) => event.get().as_bytes().to_vec(),
            (None, Some(text), None, None) => text.into_bytes(),
            (None, None, Some(text), None) => latin1(&text)?,
            (None, None, None, Some(generate)) => generate.bytes(),
            _ => anyhow::bail!("a line has one of `event`, `text`, `latin1` and `generate`"),
        };
        ensure!(!bytes.contains(&b'\n'), "an event is sent as one line");
        Ok(Self {
            about: line.about,
            bytes,
            via,
            expect: Expect {
                became,
                to: expect.to,
                codes: expect.codes,
                reason: expect.reason,
                holds: expect.holds,
            },
        })
    }
}

impl Generate {
    fn bytes(&self) -> Vec<u8> {
        let (id, description) = match self {
            Self::TooLarge => ("too-large", format!("\"{}\"", "x".repeat(1 << 20))),
            Self::TooDeep => ("too-deep", "[".repeat(200) + &"]".repeat(200)),
        };
        format!(
            r#"{{"event_id":"demo-{id}","event_type":"task.updated","event_version":"1.1","task_id":118,"user_id":"user-7","timestamp":"2026-03-02T11:30:00Z","payload":{{"description":{description},"new_field":null}}}}"#
        )
        .into_bytes()
    }
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).with_context(|| format!("{c:?} is not in Latin-1")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Scenario, Via};

    fn committed() -> Scenario {
        Scenario::parse(include_str!("../../demo/events.jsonl")).expect("a readable file")
    }

    #[test]
    fn the_demo_shows_every_type_in_both_versions() {
        let texts: Vec<_> = committed()
            .events
            .iter()
            .filter(|event| event.expect.became == "published")
            .map(|event| String::from_utf8(event.bytes.clone()).expect("UTF-8"))
            .collect();
        let policy: Value = serde_json::from_str(include_str!("../../../schemas/policy.json")).expect("JSON");
        let known = policy["event_types"].as_object().expect("types").iter();
        let types: Vec<_> = known.filter(|(_, kind)| kind["accepted"] != false).collect();
        assert!(types.len() > 5, "{types:?}");
        for (kind, _) in types {
            for version in ["1.0", "1.1"] {
                let wanted = format!(r#""event_type": "{kind}", "event_version": "{version}""#);
                assert!(texts.iter().any(|text| text.contains(&wanted)), "{wanted}");
            }
        }
    }

    #[test]
    fn the_demo_shows_every_way_to_be_invalid() {
        let scenario = committed();
        let codes: Vec<_> = scenario.events.iter().flat_map(|event| &event.expect.codes).collect();
        let wanted = [
            "not-utf8",
            "not-json",
            "too-deep",
            "too-large",
            "duplicate-member",
            "not-an-object",
            "required",
            "type",
            "unknown-event-type",
            "emitted-only",
            "unknown-version",
            "no-path",
            "empty-user-id",
            "format",
        ];
        for code in wanted {
            assert!(codes.iter().any(|known| *known == code), "{code}");
        }
    }

    #[test]
    fn bytes_are_sent_as_they_stand() {
        let line = |sent: &str| {
            let line = format!(r#"{{"about":"","topic":"t","expect":{{"disposition":"x"}},{sent}}}"#);
            Scenario::parse(&line).map(|scenario| scenario.as_lines())
        };
        let event = line(r#""event": { "a":1.10,  "a":2 }"#).expect("one event");
        assert_eq!(event, b"{ \"a\":1.10,  \"a\":2 }\n");
        assert_eq!(line(r#""latin1":"é""#).expect("one event"), b"\xe9\n");
        assert!(line(r#""latin1":"€""#).is_err());
        assert!(line(r#""text":"a\nb""#).is_err());
        assert!(line(r#""text":"a","event":1"#).is_err());
    }

    #[test]
    fn a_line_without_a_topic_is_applied() {
        let line = r#"{"about":"","target":"2.0","event":{},"expect":{"decision":"reject"}}"#;
        let scenario = Scenario::parse(line).expect("one event");
        assert!(scenario.topics().is_empty());
        assert!(matches!(&scenario.events[0].via, Via::Apply { target } if target == "2.0"));
    }
}
