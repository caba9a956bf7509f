//! A delivery: the bytes of one event, its source, and its history. Knows nothing of envelopes.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tidegate_engine::Violation;

use crate::{attributes::Attributes, exact_bytes};

/// The source of events that consumers hand back.
const FAILURES: &str = "v1/failures";

/// One event, delivered to the gate or redelivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The event, byte for byte as its producer wrote it.
    #[serde(with = "exact_bytes")]
    pub event: Bytes,
    /// Its attributes; none for a bare event.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// The topic that it was read from.
    pub source: Source,
    /// The time to judge by, RFC 3339: when the broker accepted the event, where that is known. A redelivery then has the
    /// time of the first delivery.
    pub at: String,
    /// Hash of the request that the event was completed from: the same request again is the same event, though it has another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// W3C trace context of the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What becomes of it without a policy; `None`: the policy is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unjudged: Option<Unjudged>,
    /// Who hands it in.
    pub origin: Origin,
    /// Whether it is claimed, so that a duplicate is recognised.
    pub once: bool,
    /// Its earlier attempts.
    #[serde(default)]
    pub history: History,
}

/// What becomes of a record that holds no event to be judged: no policy is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unjudged {
    /// It is dead-lettered.
    Rejected {
        /// Why.
        violation: Violation,
        /// The key of the record, where nothing in it says it.
        key: Option<String>,
    },
    /// It is dropped.
    Dropped {
        /// Why.
        reason: String,
    },
}

/// Who hands a delivery in. A redrive has a claim of its own: its event may have been processed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The producer of the event.
    Producer,
    /// A consumer that could not handle it, for the `failures`th time.
    Consumer {
        /// How often the consumer has failed, from 1.
        failures: u32,
    },
    /// A person who redrives a dead letter.
    Redrive {
        /// Id of the dead letter.
        dead_letter: String,
        /// The source of its event, from the dead letter.
        source: String,
    },
}

/// The earlier attempts of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// Number of this attempt, from 0: as many have failed.
    pub attempt: u32,
    /// How often its retry was scheduled.
    pub times_scheduled: u32,
    /// When an attempt failed first, RFC 3339.
    pub first_failure: Option<String>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// How often the policy faulted on it.
    pub faults: u32,
    /// Digest of that policy: faults of another one are not counted.
    pub faulted_by: Option<String>,
    /// Channel and id of the outputs that are published.
    pub published: Vec<(String, String)>,
    /// Its entry in the queue of its key.
    pub queue: Option<QueueEntry>,
    /// When it began to wait for an earlier event of its key. Milliseconds since 1970.
    pub waiting_since: Option<i64>,
}

/// An event's entry in the queue of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueEntry {
    /// The key.
    pub key: String,
    /// The event, by [`Delivery::identity`].
    pub event: String,
}

/// Where a delivery was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The topic; for the HTTP API, its path.
    pub topic: String,
    /// The partition, where the backend reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The offset there, where the backend reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<String>,
}

impl Delivery {
    /// A delivery from a producer.
    pub fn new(event: Bytes, source: Source, at: String) -> Self {
        Self {
            event,
            attributes: Attributes::default(),
            request: None,
            source,
            at,
            traceparent: None,
            unjudged: None,
            origin: Origin::Producer,
            once: true,
            history: History::default(),
        }
    }

    /// Whether it comes from a producer and was not scheduled before. Decisions on such events tell how good a policy is;
    /// retries and redrives do not, since they have failed before.
    pub fn is_first(&self) -> bool {
        self.origin == Origin::Producer && self.history.times_scheduled == 0
    }

    /// Whether the gate has published its event before: a consumer handed it in, or did so before it was dead-lettered.
    pub fn is_handed_back(&self) -> bool {
        match &self.origin {
            Origin::Producer => false,
            Origin::Consumer { .. } => true,
            Origin::Redrive { source, .. } => source == FAILURES,
        }
    }

    /// Where its event was read from first.
    pub fn original_source(&self) -> String {
        match &self.origin {
            Origin::Redrive { source, .. } => source.clone(),
            Origin::Producer | Origin::Consumer { .. } => self.source.to_string(),
        }
    }

    /// Hash of event, source and origin: the same for every attempt of the delivery.
    pub fn digest(&self) -> String {
        digest([
            self.source.to_string().as_bytes(),
            self.origin.to_string().as_bytes(),
            &self.event,
            &attributes(&self.attributes),
        ])
    }

    /// Hash of event and origin: the same for a duplicate from any source, and another for another event with the same
    /// id.
    pub fn identity(&self) -> String {
        let stays = |name: &str| !matches!(name, "time" | "tracestate" | "baggage");
        let attributes = attributes(&self.attributes.clone().keep(stays));
        digest([self.origin.to_string().as_bytes(), &self.event, &attributes])
    }

    /// Hash of what the event says, without its attributes: the same for a duplicate, since a sidecar gives an event that is sent
    /// twice another id and another time. The claim tells events apart that say the same.
    pub fn content_digest(&self) -> String {
        match &self.request {
            Some(request) => request.clone(),
            None => hex::encode(Sha256::digest(&self.event)),
        }
    }
}

/// In the form that is hashed. A bare event has none, and no producer decides their order.
fn attributes(attributes: &Attributes) -> Vec<u8> {
    let mut lines: Vec<_> = attributes
        .iter()
        .map(|(name, value)| format!("\n{name}={value}"))
        .collect();
    lines.sort_unstable();
    lines.concat().into_bytes()
}

fn digest<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

/// The form that is hashed.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Producer => Ok(()),
            Self::Consumer { failures } => write!(f, "consumer {failures}"),
            Self::Redrive { dead_letter, .. } => write!(f, "redrive {dead_letter}"),
        }
    }
}

impl Source {
    /// That of events that consumers hand back.
    pub fn failures() -> Self {
        Self::topic(FAILURES)
    }

    /// A topic, without partition and offset.
    pub fn topic(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            offset: None,
        }
    }
}

/// `orders/3@1042`, with the parts that are known.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.topic)?;
        if let Some(partition) = &self.partition {
            write!(f, "/{partition}")?;
        }
        if let Some(offset) = &self.offset {
            write!(f, "@{offset}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Delivery, Source};

    #[test]
    fn events_that_differ_in_an_attribute_are_two_and_another_time_makes_none() {
        let of = |members: &str| {
            let mut delivery = Delivery::new(Bytes::from_static(b"{}"), Source::topic("t"), "now".to_owned());
            delivery.attributes = serde_json::from_str(members).expect("attributes");
            delivery
        };
        let one = of(r#"{"id":"1","source":"a","time":"t1"}"#);
        let again = of(r#"{"time":"t2","source":"a","id":"1","tracestate":"x=1"}"#);
        let other = of(r#"{"id":"1","source":"b","time":"t1"}"#);
        assert_eq!(one.identity(), again.identity());
        assert_ne!(one.identity(), other.identity());
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.content_digest(), other.content_digest(), "they say the same");
    }

    #[test]
    fn a_stored_delivery_is_read_back_byte_for_byte() {
        for event in [
            &b"{\"a\":1e400,\n \"b\":\"\\u0000\"}"[..],
            b"",
            b"\xff\xfe",
            "é\u{1F600}\"\\".as_bytes(),
        ] {
            let delivery = Delivery::new(Bytes::copy_from_slice(event), Source::topic("t"), "now".to_owned());
            let json = serde_json::to_vec(&delivery).expect("JSON");
            let read: Delivery = serde_json::from_slice(&json).expect("a delivery");
            assert_eq!(read, delivery);
        }
    }
}
