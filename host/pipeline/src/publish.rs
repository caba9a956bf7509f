//! Publishes the outputs of a delivery, one after the other, and stores those that leave later. Outputs that an earlier attempt
//! has published or stored are not published again. Knows nothing of what a sink is.

use std::time::Duration;

use tidegate_model::{clock, error::chain, message::PublishError};

use crate::{judge::AddressedOutput, pipeline::Pipeline, run::Run};

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

    pub(super) fn new(published: Vec<(String, String)>, error: PublishError) -> Self {
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
    /// Publishes outputs, or stores them until their time; returns channel and id of each.
    pub(super) async fn publish(
        &self,
        outputs: &[AddressedOutput<'_>],
        run: Run<'_>,
    ) -> Result<Vec<(String, String)>, FailedPublish> {
        let mut published = run.delivery.history.published.clone();
        for output in outputs {
            let name = (output.channel.clone(), output.message.id.clone());
            if published.contains(&name) {
                continue;
            }
            let sent = match output.waits_until() {
                Some(due) => self.store_until(due, output, run).await.map_err(PublishError::from),
                None => self.send(output).await,
            };
            if let Err(error) = sent {
                return Err(FailedPublish::new(published, error));
            }
            published.push(name);
        }
        Ok(published)
    }

    async fn send(&self, output: &AddressedOutput<'_>) -> Result<(), PublishError> {
        output.sink.publish_one(&output.message).await?;
        self.metrics.published(output.sink.name());
        Ok(())
    }
}

impl AddressedOutput<'_> {
    /// The time until which it must be stored, milliseconds since 1970; `None`: it may be published now.
    pub(super) fn waits_until(&self) -> Option<i64> {
        self.not_before.filter(|due| *due > clock::unix_millis())
    }
}
