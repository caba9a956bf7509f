//! What became of an event, and whether that is what was expected.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{
    cli::{Applied, Row, Violation},
    scenario::{Event, Scenario},
};

/// How much of an event is shown when it is not as expected.
const SHOWN: usize = 300;

/// What became of an event.
#[derive(Debug)]
pub(crate) struct Fate {
    /// The disposition of its delivery; the policy's decision when it was only applied.
    pub(crate) became: String,
    pub(crate) reason: String,
    /// The codes of its violations.
    pub(crate) codes: Vec<String>,
    /// What was sent because of it.
    pub(crate) outputs: Vec<Output>,
}

/// Something that was sent.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) topic: String,
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What the demo looks at in a `dlq.failed`.
#[derive(Deserialize)]
struct DeadLetter {
    payload: DeadPayload,
}

#[derive(Deserialize)]
struct DeadPayload {
    dlq_metadata: DlqMetadata,
}

#[derive(Deserialize)]
struct DlqMetadata {
    violations: Vec<Violation>,
}

impl Fate {
    /// What became of the record at an offset of a topic, given all inputs and outputs.
    pub(crate) fn of_record(topic: &str, offset: u64, inputs: &[Row], outputs: &[Row]) -> Result<Self> {
        let input = inputs
            .iter()
            .find(|row| row.topic == topic && row.offset == offset)
            .with_context(|| format!("{topic}@{offset} is gone"))?;
        let delivery = input
            .delivery
            .as_ref()
            .with_context(|| format!("{topic}@{offset} is not delivered"))?;
        let source = format!("{topic}@{offset}");
        let outputs: Vec<_> = outputs
            .iter()
            .filter(|row| row.source.as_deref() == Some(&source))
            .map(Output::of_row)
            .collect();
        let codes = outputs
            .iter()
            .filter(|output| output.topic == "dlq")
            .filter_map(|output| serde_json::from_str::<DeadLetter>(&output.text).ok())
            .flat_map(|letter| codes(letter.payload.dlq_metadata.violations))
            .collect();
        Ok(Self {
            became: delivery.disposition.clone(),
            reason: delivery.reason.clone(),
            codes,
            outputs,
        })
    }

    /// What `tidegate apply` printed.
    pub(crate) fn of_apply(applied: Applied) -> Self {
        Self {
            became: applied.decision,
            reason: applied.reason,
            codes: codes(applied.violations).collect(),
            outputs: Vec::new(),
        }
    }
}

impl Output {
    fn of_row(row: &Row) -> Self {
        Self {
            topic: row.topic.clone(),
            id: row.id.clone().unwrap_or_default(),
            text: row
                .event
                .as_ref()
                .map(|event| event.get().to_owned())
                .unwrap_or_default(),
        }
    }
}

/// Everything that is not as expected.
pub(crate) fn all(scenario: &Scenario, fates: &[Fate]) -> Vec<String> {
    let pairs = scenario.events.iter().zip(fates).enumerate();
    pairs
        .flat_map(|(at, (event, fate))| {
            let differences = one(event, fate).into_iter();
            differences.map(move |what| format!("{}, {}: {what}", at + 1, event.about))
        })
        .collect()
}

fn one(event: &Event, fate: &Fate) -> Vec<String> {
    let expect = &event.expect;
    let mut differences = Vec::new();
    let mut differs = |what: &str, is: &str, wanted: &str| {
        differences.push(format!("{what} is {is:?}, expected {wanted:?}"));
    };
    if fate.became != expect.became {
        differs("what became of it", &fate.became, &expect.became);
    }
    if fate.codes != expect.codes {
        differs("why", &fate.codes.join(", "), &expect.codes.join(", "));
    }
    if !fate.reason.contains(&expect.reason) {
        differs("the reason", &fate.reason, &expect.reason);
    }
    let topics: Vec<_> = fate.outputs.iter().map(|o| o.topic.as_str()).collect();
    if topics != expect.to {
        differs("where it went", &topics.join(", "), &expect.to.join(", "));
    }
    let first = fate.outputs.first().map_or("", |output| &output.text);
    for text in &expect.holds {
        if !squeezed(first).contains(&squeezed(text)) {
            differs("what was sent", &first.chars().take(SHOWN).collect::<String>(), text);
        }
    }
    differences
}

fn codes(violations: Vec<Violation>) -> impl Iterator<Item = String> {
    violations.into_iter().map(|violation| violation.code)
}

/// Without spaces: two writings of the same JSON differ in them.
fn squeezed(json: &str) -> String {
    json.replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::{Fate, Output, one};
    use crate::demo::{cli::Row, scenario::Event};

    fn expecting(expect: &str) -> Event {
        let line = format!(r#"{{"about":"","topic":"in","event":{{}},"expect":{expect}}}"#);
        Event::parse(&line).expect("an expectation")
    }

    fn forwarded() -> Fate {
        Fate {
            became: "published".to_owned(),
            reason: "valid; migrated".to_owned(),
            codes: Vec::new(),
            outputs: vec![Output {
                topic: "out".to_owned(),
                id: "e-1".to_owned(),
                text: r#"{"a":1.10}"#.to_owned(),
            }],
        }
    }

    #[test]
    fn what_is_as_expected_is_not_mentioned() {
        let event =
            expecting(r#"{"disposition":"published","to":["out"],"reason":"migrated","holds":["\"a\": 1.10"]}"#);
        assert!(one(&event, &forwarded()).is_empty());
    }

    #[test]
    fn every_difference_is_reported() {
        let event =
            expecting(r#"{"disposition":"dead_lettered","to":["dlq"],"codes":["type"],"reason":"x","holds":["2"]}"#);
        let differences = one(&event, &forwarded());
        assert_eq!(differences.len(), 5, "{differences:#?}");
        assert_eq!(
            differences[0],
            r#"what became of it is "published", expected "dead_lettered""#
        );
    }

    #[test]
    fn a_fate_is_put_together_from_what_was_read() {
        let row = |line: &str| serde_json::from_str::<Row>(line).expect("a row");
        let inputs = [
            row(r#"{"topic":"in","offset":3,"delivery":{"disposition":"published","reason":"other"}}"#),
            row(
                r#"{"topic":"in","offset":4,"delivery":{"disposition":"dead_lettered","dead_letter_reason":"rejected","reason":"bad"}}"#,
            ),
        ];
        let dead = r#"{"payload":{"dlq_metadata":{"violations":[{"code":"type","path":""}]}}}"#;
        let outputs = [
            row(r#"{"topic":"out","offset":0,"id":"a","source":"in@3","event":{}}"#),
            row(&format!(
                r#"{{"topic":"dlq","offset":0,"id":"b","source":"in@4","event":{dead}}}"#
            )),
        ];
        let fate = Fate::of_record("in", 4, &inputs, &outputs).expect("a fate");
        assert_eq!((fate.became.as_str(), fate.reason.as_str()), ("dead_lettered", "bad"));
        assert_eq!(fate.codes, ["type"]);
        assert_eq!(fate.outputs.len(), 1);
        assert_eq!(fate.outputs[0].id, "b");
        assert!(Fate::of_record("in", 5, &inputs, &outputs).is_err());
    }
}
