//! Builds what is published when an event is dead-lettered: the dead letter, as the catalog of the policy has it, and an alert on each
//! channel that receives them. Decides nothing: the caller has already decided to dead-letter the event.
//!
//! A dead letter is complete: the event can be restored from it byte for byte. So it can be larger than an event may be.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use tidegate_engine::{Output, PolicyCatalog};
use tidegate_letter::{BASE64, Given, METADATA, Node, Scalar, Template};
use tidegate_text::pointer;

use super::alert;
use super::document::Document;
use super::failed::{FailedEvent, derived_id};
use super::metadata::{Encoding, Event, Metadata};
use super::original::Original;

/// The dead letter of an event in the form of `template`, and then its alerts, at the time `now`. `template` is that of the catalog.
pub fn outputs(catalog: &PolicyCatalog, template: &Template, failed: &FailedEvent<'_>, now: &str) -> Vec<Output> {
    let failed = &FailedEvent {
        names: &failed.names.bounded(),
        ..failed.clone()
    };
    // It is text, numbers and booleans, which can always be written.
    let attributes = serde_json::to_string(failed.attributes).unwrap_or_default();
    let id = derived_id(&[failed.source.as_bytes(), failed.event, attributes.as_bytes()]);
    let document = Document::of(failed.event, failed.attributes, catalog);
    let event = letter(template, failed, document, &id, now);
    let letter = Output {
        channel: catalog.dead_letters.channel.clone(),
        key: failed.names.key.clone(),
        id: id.clone(),
        event_type: catalog.dead_letters.event_type.clone(),
        event: Some(event),
        attributes: Vec::new(),
        not_before: None,
    };
    let alerts = catalog
        .alerts
        .iter()
        .filter(|alert| alert::concerns(alert, failed.names));
    let alerts = alerts.map(|alert| alert::output(alert, failed, &id, now));
    [letter].into_iter().chain(alerts).collect()
}

fn letter(template: &Template, failed: &FailedEvent<'_>, document: Document<'_>, id: &str, now: &str) -> String {
    let event = Event {
        names: failed.names.clone(),
        attributes: failed.attributes.clone(),
    };
    let metadata = Metadata {
        failed_at: now.to_owned(),
        error: failed.error.to_owned(),
        retry_count: failed.retry_count,
        violations: failed.violations.to_vec(),
        source: failed.source.to_owned(),
        policy: failed.policy.to_owned(),
        id: id.to_owned(),
        original: String::new(),
        encoding: Encoding::Text,
        event: (!template.is_own).then_some(event),
    };
    let mut letter = Letter {
        failed,
        document,
        metadata,
        text: String::with_capacity(failed.event.len() + 1024),
        pointer: String::new(),
    };
    letter.write(&template.root);
    letter.text
}

/// A dead letter that is being written.
struct Letter<'a> {
    failed: &'a FailedEvent<'a>,
    document: Document<'a>,
    metadata: Metadata,
    text: String,
    /// Where the next value stands.
    pointer: String,
}

impl Letter<'_> {
    fn write(&mut self, node: &Node) {
        match node {
            Node::Constant(value) => self.text.push_str(&value.to_string()),
            Node::Scalar(from, otherwise) => {
                let value = self.value(from).filter(|value| !value.is_null());
                self.text
                    .push_str(&value.unwrap_or_else(|| otherwise.clone()).to_string());
            }
            Node::Members => match Original::members(self.failed.event) {
                Original::Members(body) => {
                    self.text.push_str(&body);
                    self.write_metadata(self.pointer.clone(), Encoding::Members);
                    self.text.push('}');
                }
                other => {
                    self.text.push('{');
                    self.write_text("original", &other);
                    self.text.push('}');
                }
            },
            Node::Text => unreachable!("it is a member of an object"),
            Node::Object(members) => self.write_object(members),
            Node::Array(items) => {
                self.text.push('[');
                for (at, node) in items.iter().enumerate() {
                    self.text.push_str(if at == 0 { "" } else { "," });
                    self.inside(&at.to_string(), node);
                }
                self.text.push(']');
            }
        }
    }

    /// The members of an object. The text of the event moves to the end, where the metadata follows it.
    fn write_object(&mut self, members: &[(String, Node)]) {
        self.text.push('{');
        let (text, others): (Vec<_>, Vec<_>) = members.iter().partition(|(_, node)| matches!(node, Node::Text));
        for (at, (name, node)) in others.iter().enumerate() {
            self.text.push_str(if at == 0 { "" } else { "," });
            self.text.push_str(&Value::from(name.as_str()).to_string());
            self.text.push(':');
            self.inside(name, node);
        }
        if let [(name, _)] = text[..] {
            self.text.push_str(if others.is_empty() { "" } else { "," });
            self.write_text(name, &Original::text(self.failed.event));
        }
        self.text.push('}');
    }

    fn inside(&mut self, name: &str, node: &Node) {
        let length = self.pointer.len();
        pointer::push(&mut self.pointer, name);
        self.write(node);
        self.pointer.truncate(length);
    }

    /// The event as a string under a name, and the metadata after it.
    fn write_text(&mut self, name: &str, original: &Original<'_>) {
        let (name, quoted, encoding) = match original {
            Original::Base64(bytes) => {
                let quoted = format!("\"{}\"", BASE64_STANDARD.encode(bytes));
                (format!("{name}{BASE64}"), quoted, Encoding::Base64)
            }
            Original::Text(quoted) | Original::Members(quoted) => (name.to_owned(), quoted.clone(), Encoding::Text),
        };
        let mut place = self.pointer.clone();
        pointer::push(&mut place, &name);
        for part in [&*Value::from(name).to_string(), ":", &quoted, ","] {
            self.text.push_str(part);
        }
        self.write_metadata(place, encoding);
    }

    fn write_metadata(&mut self, place: String, encoding: Encoding) {
        self.metadata.original = place;
        self.metadata.encoding = encoding;
        // It holds texts, numbers and lists of them, which can always be written.
        let metadata = serde_json::to_string(&self.metadata).unwrap_or_default();
        for part in ["\"", METADATA, "\":", &metadata] {
            self.text.push_str(part);
        }
    }

    fn value(&self, from: &Scalar) -> Option<Value> {
        let names = self.failed.names;
        let text = |name: &Option<String>| name.as_deref().map(Value::from);
        match from {
            Scalar::Pointer(pointer) => self.document.scalar(pointer),
            Scalar::Attribute(name) => {
                let mut attributes = self.failed.attributes.iter();
                attributes
                    .find(|(other, _)| other == name)
                    .map(|(_, value)| value.clone())
            }
            Scalar::Given(Given::LetterId) => Some(Value::from(&*self.metadata.id)),
            Scalar::Given(Given::LetterTime) => Some(Value::from(&*self.metadata.failed_at)),
            Scalar::Given(Given::EventId) => text(&names.id),
            Scalar::Given(Given::EventType) => text(&names.event_type),
            Scalar::Given(Given::EventKey) => text(&names.key),
            Scalar::Given(Given::Attributes) => serde_json::to_value(self.failed.attributes).ok(),
        }
    }
}
