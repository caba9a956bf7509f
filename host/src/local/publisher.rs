//! Sending on the embedded backend: a record at the end of a topic.

use async_trait::async_trait;

use super::{Db, NewRecord};
use crate::backend::{BackendError, Message, Publisher};

#[async_trait]
impl Publisher for Db {
    async fn publish(&self, message: &Message) -> Result<(), BackendError> {
        let record = NewRecord {
            key: Some(message.key.clone()),
            id: Some(message.id.clone()),
            event_type: Some(message.event_type.clone()),
            source: Some(message.source.clone()),
            at: message.at.clone(),
            value: message.event.to_vec(),
        };
        match self.append(&message.topic.name, vec![record]).await {
            Ok(_) => Ok(()),
            Err(error) => Err(BackendError::broken(
                format!("appending to {:?}", message.topic.name),
                error,
            )),
        }
    }
}
