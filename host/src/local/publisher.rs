//! Sending on the embedded backend: a record at the end of a topic.

use async_trait::async_trait;

use super::{Db, Record};
use crate::{
    backend::{BackendError, Publisher},
    config::Topic,
    sink::{Message, PublishError},
};

#[async_trait]
impl Publisher for Db {
    async fn publish(&self, topic: &Topic, message: &Message) -> Result<(), PublishError> {
        self.log(&topic.name, message).await
    }
}

impl Db {
    /// Appends a message to a topic of the file.
    pub(crate) async fn log(&self, topic: &str, message: &Message) -> Result<(), PublishError> {
        let record = Record {
            key: Some(message.key.clone()),
            id: Some(message.id.clone()),
            event_type: Some(message.event_type.clone()),
            source: Some(message.source.clone()),
            at: message.at.clone(),
            value: message.event.to_vec(),
            label: Some(message.label.clone()),
        };
        match self.append(topic, vec![record]).await {
            Ok(_) => Ok(()),
            Err(error) => Err(BackendError::broken(format!("appending to {topic:?}"), error).into()),
        }
    }
}
