//! Sinks behind the sidecar: topics, and methods of apps.
//!
//! The sidecar rewrites the JSON of a CloudEvent: it sorts the members and writes `<` as `\u003c`. So the event is sent as a
//! raw payload that already is a CloudEvent. The record in the broker is then the envelope byte for byte, and subscribers
//! see no difference.

use async_trait::async_trait;
use reqwest::StatusCode;
use tidegate_http::sink::{CLOUD_EVENT, answered, refusal};
use tidegate_model::{
    backend::Publisher,
    envelope::envelope,
    message::{Message, PublishError},
    subscription::Topic,
    untrusted::Untrusted,
};

use crate::Sidecar;

/// A topic of a pub/sub component.
#[derive(Debug, Clone)]
pub struct TopicPublisher {
    sidecar: Sidecar,
    topic: Topic,
}

impl TopicPublisher {
    /// Publishes to `topic`.
    pub fn new(sidecar: Sidecar, topic: Topic) -> Self {
        Self { sidecar, topic }
    }
}

#[async_trait]
impl Publisher for TopicPublisher {
    fn name(&self) -> String {
        self.topic.name.clone()
    }

    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            answers.push(self.sidecar.publish(&self.topic, message).await);
        }
        answers
    }
}

/// A method of an app, whose answer is whether it handled the event.
#[derive(Debug, Clone)]
pub struct AppPublisher {
    sidecar: Sidecar,
    app: String,
    method: String,
}

impl AppPublisher {
    /// Calls `method` of `app`.
    pub fn new(sidecar: Sidecar, app: String, method: String) -> Self {
        Self { sidecar, app, method }
    }
}

#[async_trait]
impl Publisher for AppPublisher {
    fn name(&self) -> String {
        format!("{}/{}", self.app, self.method)
    }

    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>> {
        let mut answers = Vec::with_capacity(messages.len());
        for message in messages {
            answers.push(self.sidecar.invoke(&self.app, &self.method, message).await);
        }
        answers
    }
}

impl Sidecar {
    async fn publish(&self, topic: &Topic, message: &Message) -> Result<(), PublishError> {
        let action = format!("publishing {:?} to {topic}", Untrusted(&message.id));
        self.publish_bytes(&action, topic, message.key.as_deref(), envelope(message)?)
            .await
    }

    /// Publishes bytes as they are.
    pub(crate) async fn publish_bytes(
        &self,
        action: &str,
        topic: &Topic,
        key: Option<&str>,
        bytes: Vec<u8>,
    ) -> Result<(), PublishError> {
        let request = self
            .post_to(&["v1.0", "publish", &topic.pubsub, &topic.name])
            .query(&[("metadata.rawPayload", "true")])
            .query(&key.map(|key| [("metadata.partitionKey", key)]).unwrap_or_default())
            .header("content-type", "application/octet-stream")
            .body(bytes);
        let response = self.send(action, request).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::PAYLOAD_TOO_LARGE => Err(PublishError::Permanent(refusal(action, response).await)),
            // Any other error comes from the component or its scopes, not from the event.
            _ => Err(refusal(action, response).await.into()),
        }
    }

    async fn invoke(&self, app: &str, method: &str, message: &Message) -> Result<(), PublishError> {
        let action = format!("sending {:?} to {app}/{method}", Untrusted(&message.id));
        let path: Vec<&str> = ["v1.0", "invoke", app, "method"]
            .into_iter()
            .chain(method.split('/'))
            .collect();
        let request = self
            .post_to(&path)
            .header("content-type", CLOUD_EVENT)
            .body(envelope(message)?);
        answered(&action, self.send(&action, request).await?).await
    }
}
