//! Sending the outputs of a delivery, one after the other; those that have been sent in an earlier attempt are not sent
//! again.

use std::time::Duration;

use super::{Pipeline, judge::Addressed};
use crate::{
    delivery::Delivery,
    sink::{Later, PublishError},
};

/// An output that could not be sent.
#[derive(Debug)]
pub(super) struct FailedPublish {
    /// Channel and id of those that have been sent, in this attempt or before.
    pub(super) sent: Vec<(String, String)>,
    /// Why, in one line, with what whoever was asked had to say.
    pub(super) error: String,
    /// Why, without that: for logs.
    pub(super) summary: String,
    /// Whether it may work later.
    pub(super) retryable: Retryable,
}

/// Whether sending may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retryable {
    /// It may, and not before that long.
    Later(Duration),
    /// It will not.
    None,
}

impl FailedPublish {
    /// It was sent, and whoever it was sent to could not handle it.
    pub(super) fn by_consumer(error: &str) -> Self {
        Self {
            sent: Vec::new(),
            error: error.to_owned(),
            summary: "a consumer could not handle it".to_owned(),
            retryable: Retryable::After(Duration::ZERO),
        }
    }
}

impl Pipeline {
    /// Sends outputs; gives channel and id of each.
    pub(super) async fn send(
        &self,
        outputs: &[Addressed<'_>],
        delivery: &Delivery,
    ) -> Result<Vec<(String, String)>, FailedPublish> {
        let mut sent = delivery.history.sent.clone();
        for output in outputs {
            let name = (output.channel.clone(), output.message.id.clone());
            if sent.contains(&name) {
                continue;
            }
            if let Err(error) = self.sinks.send(output.sink, &output.message).await {
                let summary = super::chain(&error);
                let (retryable, answer) = match error {
                    PublishError::Retryable(Later { after, error }) => (Retryable::After(after.unwrap_or_default()), error.answer),
                    PublishError::Permanent(error) => (Retryable::Never, error.answer),
                };
                return Err(FailedPublish {
                    sent,
                    error: answer.map_or_else(|| summary.clone(), |answer| format!("{summary}: {answer}")),
                    summary,
                    retryable,
                });
            }
            self.metrics.published(output.sink.name());
            sent.push(name);
        }
        Ok(sent)
    }
}
