//! Publishes the outputs of a delivery, one after the other. Outputs that an earlier attempt has published are not
//! published again. Knows nothing of what a sink is.

use std::time::Duration;

use tidegate_model::{delivery::Delivery, error::chain, message::PublishError};

use crate::{judge::AddressedOutput, pipeline::Pipeline};

/// An output that could not be published.
#[derive(Debug)]
pub(super) struct FailedPublish {
    /// Channel and id of the outputs that are published, by this attempt or an earlier one.
    pub(super) published: Vec<(String, String)>,
    /// Why, in one line, with the text of the receiver's response.
    pub(super) error: String,
    /// Why, without that text: for logs.
    pub(super) summary: String,
    /// Whether it may work later.
    pub(super) retryable: Retryable,
}

/// Whether publishing may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retryable {
    /// It may, and not before that long.
    After(Duration),
    /// It will not.
    Never,
}

impl FailedPublish {
    /// It was published, but the consumer could not handle it.
    pub(super) fn by_consumer(error: &str) -> Self {
        Self {
            published: Vec::new(),
            error: error.to_owned(),
            summary: "a consumer could not handle it".to_owned(),
            retryable: Retryable::After(Duration::ZERO),
        }
    }

    fn new(published: Vec<(String, String)>, error: PublishError) -> Self {
        let summary = chain(&error);
        let (retryable, answer) = match error {
            PublishError::Retryable { error, after } => (Retryable::After(after.unwrap_or_default()), error.answer),
            PublishError::Permanent(error) => (Retryable::Never, error.answer),
        };
        Self {
            published,
            error: answer.map_or_else(|| summary.clone(), |answer| format!("{summary}: {answer}")),
            summary,
            retryable,
        }
    }
}

impl Pipeline {
    /// Publishes outputs; returns channel and id of each.
    pub(super) async fn publish(
        &self,
        outputs: &[AddressedOutput<'_>],
        delivery: &Delivery,
    ) -> Result<Vec<(String, String)>, FailedPublish> {
        let mut published = delivery.history.published.clone();
        for AddressedOutput { channel, sink, message } in outputs {
            let name = (channel.clone(), message.id.clone());
            if published.contains(&name) {
                continue;
            }
            if let Err(error) = sink.publish_one(message).await {
                return Err(FailedPublish::new(published, error));
            }
            self.metrics.published(sink.name());
            published.push(name);
        }
        Ok(published)
    }
}
