//! Outputs that leave later: stored until their time, then published. Their event is done when they are stored. Knows nothing of how
//! an output is stored.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tidegate_model::{
    backend_error::BackendError,
    clock,
    delivery::{Delivery, History},
    disposition::Disposition,
    message::Message,
    scheduled_retry::{DelayedOutput, Next, ScheduledRetry},
};

use crate::{
    ack::{NotAcknowledged, Report},
    judge::AddressedOutput,
    pipeline::Pipeline,
    publish::FailedPublish,
    retry::exhausted,
    run::Run,
};

impl Pipeline {
    /// Stores an output until its time. Storing it twice does no harm: its name is the same for every delivery of the event.
    pub(super) async fn store_until(
        &self,
        due: i64,
        output: &AddressedOutput<'_>,
        run: Run<'_>,
    ) -> Result<(), BackendError> {
        let delayed = DelayedOutput {
            name: name(output, run),
            channel: output.channel.clone(),
            message: output.message.clone(),
        };
        let retry = ScheduledRetry {
            delivery: Delivery {
                history: History::default(),
                ..run.delivery.clone()
            },
            next: Next::Publish(Box::new(delayed)),
            due,
        };
        let wait = u64::try_from(due - clock::unix_millis()).unwrap_or(0);
        self.scheduler.schedule(&retry, Duration::from_millis(wait)).await
    }

    /// Publishes an output whose time has come. When that fails, it is tried again as the policy says for its type; with no retries
    /// left, its event is dead-lettered.
    pub(super) async fn publish_delayed(
        &self,
        delivery: &Delivery,
        delayed: &DelayedOutput,
    ) -> Result<Report, NotAcknowledged> {
        let DelayedOutput { channel, message, .. } = delayed;
        let message = Message {
            attempt: delivery.history.attempt,
            ..message.clone()
        };
        let Some(sink) = self.channels.get(channel) else {
            let action = format!("publishing an output on the channel {channel:?}");
            return Err(BackendError::refused(action, "it has no sink any more: add it under `channels`").into());
        };
        let error = match sink.publish_one(&message).await {
            Ok(()) => {
                self.metrics.published(sink.name());
                return Ok(Report {
                    disposition: Disposition::Published,
                    reason: format!("its time has come, and it goes to {channel}"),
                    event_id: Some(message.id.clone()),
                    published: vec![(channel.clone(), message.id)],
                    violations: Vec::new(),
                    revision: message.revision,
                });
            }
            Err(error) => error,
        };
        let failed = FailedPublish::new(Vec::new(), error);
        let revision = self.revisions.current().ok_or(NotAcknowledged::NoPolicy)?;
        let run = Run::new(&revision, delivery);
        let mut delivery = self.record_failure(run, &failed);
        let delay = self.delay_after(run, &message.event_type, failed.retryable).await;
        if let Some(delay) = delay.map_err(NotAcknowledged::NoPlan)? {
            delivery.history.attempt += 1;
            let next = Next::Publish(Box::new(delayed.clone()));
            return self.schedule(run, delivery, next, delay, None).await;
        }
        let error = format!(
            "its output {} for {channel} could not be published: {}",
            message.id, failed.error
        );
        let run = Run {
            delivery: &delivery,
            ..run
        };
        self.dead_letter(run, &exhausted(run, error), None).await
    }
}

/// The name of an output of an event: of its claim, since ids of two events may be the same, else of its delivery.
fn name(output: &AddressedOutput<'_>, run: Run<'_>) -> String {
    let delivery = run.delivery.digest();
    let event = run.claim().filter(|_| run.delivery.once).unwrap_or(&delivery);
    let origin = run.delivery.origin.to_string();
    let mut hash = Sha256::new();
    for part in [&*origin, event, &output.channel, &output.message.id] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}
