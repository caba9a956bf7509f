//! Publishing through the sidecar.
//!
//! Given a CloudEvent, the sidecar writes its JSON anew: members are sorted, `<` becomes `\u003c`. So that the event
//! arrives byte for byte, it is sent as a raw payload that is already a CloudEvent: the record in the broker is our
//! envelope as it is, and subscribers see no difference.

use async_trait::async_trait;
use reqwest::StatusCode;

use super::Sidecar;
use crate::{
    backend::Publisher,
    config::Topic,
    sink::{Message, PublishError, envelope, refusal},
    untrusted::Untrusted,
};

#[async_trait]
impl Publisher for Sidecar {
    async fn publish(&self, topic: &Topic, message: &Message) -> Result<(), PublishError> {
        let action = format!(
            "publishing {:?} to {}/{}",
            Untrusted(&message.id),
            topic.pubsub,
            topic.name
        );
        self.publish_bytes(&action, topic, &message.key, envelope(message)?)
            .await
    }
}

impl Sidecar {
    /// Publishes bytes as they are.
    pub(super) async fn publish_bytes(
        &self,
        action: &str,
        topic: &Topic,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<(), PublishError> {
        let request = self
            .post_to(&["v1.0", "publish", &topic.pubsub, &topic.name])
            .query(&[("metadata.partitionKey", key), ("metadata.rawPayload", "true")])
            .header("content-type", "application/octet-stream")
            .body(bytes);
        let response = self.send(action, request).await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::PAYLOAD_TOO_LARGE => Err(PublishError::Permanent(refusal(action, response).await)),
            // Whatever else is wrong here is wrong with the component or its scopes, and not with the event.
            _ => Err(refusal(action, response).await.into()),
        }
    }
}
