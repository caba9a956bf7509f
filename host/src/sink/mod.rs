//! Where channels lead. Whatever the sink, sending ends in one of three ways: it is done, it may work later, or it never
//! will.

mod cloud_event;
mod http;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    backend::{BackendError, Publisher},
    config::Sink,
    dapr::Sidecar,
    revision::Label,
    local::Db,
};
pub use cloud_event::envelope;
pub use http::Http;
pub(crate) use http::{CLOUD_EVENT, answered, refusal};

/// One event on its way out.
#[derive(Debug, Clone)]
pub struct Message {
    /// The partition key.
    pub key: String,
    /// Id of the event: the same for every repeat.
    pub id: String,
    /// Type of the event.
    pub event_type: String,
    /// The event, the text of one JSON value.
    pub event: Bytes,
    /// When it was judged, RFC 3339.
    pub at: String,
    /// Where the event came from that led to it.
    pub source: String,
    /// W3C trace context to carry on.
    pub traceparent: Option<String>,
    /// Attempts that failed before this one.
    pub attempt: u32,
    /// Id of the dead letter that was brought back and led to it.
    pub redriven: Option<String>,
    /// The revision that judged what it came from.
    pub label: Label,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It may work later.
    #[error(transparent)]
    Again(Later),
    /// It never will: whoever was asked has said that it does not want this event.
    #[error(transparent)]
    Final(BackendError),
}

/// A failure that may pass.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Later {
    /// The failure.
    #[source]
    pub error: BackendError,
    /// How long whoever was asked wants to be left alone.
    pub after: Option<Duration>,
}

impl From<BackendError> for PublishError {
    fn from(error: BackendError) -> Self {
        Self::Again(Later { error, after: None })
    }
}

/// All kinds of sinks.
#[derive(Debug)]
pub struct Sinks {
    /// Topics of the backend.
    pub topics: Arc<dyn Publisher>,
    /// Apps behind sidecars, where there is one.
    pub sidecar: Option<Sidecar>,
    /// Addresses.
    pub http: Http,
    /// Topics of the data file, where one is open.
    pub log: Option<Db>,
}

impl Sinks {
    /// Sends one message. `Ok` means that whoever was sent it has taken it.
    pub async fn send(&self, sink: &Sink, message: &Message) -> Result<(), PublishError> {
        match sink {
            Sink::Topic(topic) => self.topics.publish(topic, message).await,
            Sink::App { app, method } => match &self.sidecar {
                Some(sidecar) => sidecar.invoke(app, method, message).await,
                None => Err(missing(format!("calling {app}"), "there is no sidecar").into()),
            },
            Sink::Url(url) => self.http.post(url, message).await,
            Sink::Log { topic } => match &self.log {
                Some(db) => db.log(topic, message).await,
                None => Err(missing(format!("appending to {topic:?}"), "there is no data file").into()),
            },
        }
    }
}

/// The configuration makes sure that this does not happen.
fn missing(action: String, reason: &str) -> BackendError {
    BackendError::refused(action, reason)
}
