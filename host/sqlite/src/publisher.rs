//! Publishes on SQLite: appends records to a topic. A batch is one transaction. Knows nothing of who reads the topic.

use async_trait::async_trait;
use tidegate_model::{
    backend::Publisher,
    backend_error::BackendError,
    error::chain,
    message::{Message, PublishError},
};

use super::{Db, Record};

/// A topic of the file, as a sink.
#[derive(Debug, Clone)]
pub struct TopicPublisher {
    db: Db,
    topic: String,
}

impl TopicPublisher {
    /// Appends to `topic`.
    pub fn new(db: Db, topic: String) -> Self {
        Self { db, topic }
    }
}

#[async_trait]
impl Publisher for TopicPublisher {
    fn name(&self) -> String {
        self.topic.clone()
    }

    async fn publish(&self, messages: &[Message]) -> Vec<Result<(), PublishError>> {
        let records = messages.iter().map(Record::from).collect();
        let appended = self.db.append(&self.topic, records).await;
        let Err(error) = appended else {
            return messages.iter().map(|_| Ok(())).collect();
        };
        let reason = chain(&error);
        let failed = || BackendError::refused(format!("appending to {:?}", self.topic), reason.clone());
        messages.iter().map(|_| Err(failed().into())).collect()
    }
}

impl From<&Message> for Record {
    fn from(message: &Message) -> Self {
        Self {
            key: Some(message.key.clone()),
            id: Some(message.id.clone()),
            event_type: Some(message.event_type.clone()),
            source: Some(message.source.clone()),
            at: message.at.clone(),
            value: message.event.to_vec(),
            policy: Some(message.revision.digest.clone()),
        }
    }
}
