//! Publishing through the sidecar.

use async_trait::async_trait;

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
            .post(&["v1.0", "publish", &topic.pubsub, &topic.name])
            .query(&[("metadata.partitionKey", &message.key)])
            .header("content-type", "application/cloudevents+json")
            .body(envelope(message)?);
        let response = self.send(&action, request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        Err(refusal(&action, response).await)
    }
}
