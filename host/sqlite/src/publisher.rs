//! Publishes on SQLite: appends records to a topic. A batch is one transaction. Knows nothing of who reads the topic.

use async_trait::async_trait;
use tidegate_model::{
    backend::Publisher,
    backend_error::BackendError,
    envelope::envelope,
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
        let appending = || format!("appending to {:?}", self.topic);
        let records: Result<Vec<_>, _> = messages.iter().map(record).collect();
        let appended = match records {
            Err(error) => Err(error),
            Ok(records) => {
                let appended = self.db.append(&self.topic, records).await;
                appended.map_err(|error| BackendError::refused(appending(), chain(&error)))
            }
        };
        let Err(error) = appended else {
            return messages.iter().map(|_| Ok(())).collect();
        };
        let reason = chain(&error);
        let failed = || BackendError::refused(appending(), reason.clone());
        messages.iter().map(|_| Err(failed().into())).collect()
    }
}

/// The record of a message: the bare event, or its envelope where it came with attributes.
fn record(message: &Message) -> Result<Record, BackendError> {
    let value = if message.attributes.is_empty() {
        message.event.to_vec()
    } else {
        envelope(message)?
    };
    Ok(Record {
        key: message.key.clone(),
        id: Some(message.id.clone()),
        event_type: Some(message.event_type.clone()),
        source: Some(message.source.clone()),
        at: message.at.clone(),
        value,
        policy: Some(message.revision.digest.clone()),
    })
}
