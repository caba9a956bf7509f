//! Publishing through the sidecar.
//!
//! Given a CloudEvent, the sidecar writes its JSON anew: members are sorted, `<` becomes `\u003c`. So that the event
//! arrives byte for byte, it is sent as a raw payload that is already a CloudEvent: the record in the broker is our
//! envelope as it is, and subscribers see no difference.

use async_trait::async_trait;
use reqwest::StatusCode;

use super::{
    cloud_event::envelope,
    sidecar::{Sidecar, refusal},
};
use crate::backend::{BackendError, Message, Publisher};

#[async_trait]
impl Publisher for Sidecar {
    async fn publish(&self, message: &Message) -> Result<(), BackendError> {
        let topic = &message.topic;
        let action = format!("publishing {:?} to {}/{}", message.id, topic.pubsub, topic.name);
        let request = self
            .post_to(&["v1.0", "publish", &topic.pubsub, &topic.name])
            .query(&[
                ("metadata.partitionKey", message.key.as_str()),
                ("metadata.rawPayload", "true"),
            ])
            .header("content-type", "application/octet-stream")
            .body(envelope(message)?);
        let response = self.send(&action, request).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(refusal(&action, response).await)
    }
}
