//! One event arriving once: its bytes, where it came from and when. Knows nothing of envelopes.

use std::fmt;

use bytes::Bytes;

/// One event arriving once on one subscription.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event, byte for byte as its producer wrote it.
    pub event: Bytes,
    /// Where it came from.
    pub source: Source,
    /// The time to judge by, RFC 3339: when the broker took the event, where it says so. A repeat is then judged by
    /// the same time as the first delivery.
    pub at: String,
    /// W3C trace context of whoever sent it.
    pub traceparent: Option<String>,
}

/// Where a delivery came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The topic; for the HTTP API, its path.
    pub topic: String,
    /// Its partition, where the backend says.
    pub partition: Option<String>,
    /// Its offset there, where the backend says.
    pub offset: Option<String>,
}

impl Source {
    /// A source that is a topic and nothing more.
    pub fn topic(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            offset: None,
        }
    }
}

/// `task-events/3@1042`, with the parts that are known.
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
