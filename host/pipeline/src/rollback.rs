//! Rolls a bad revision back automatically, and notifies operations. Knows nothing of when a revision is bad: see
//! [`tidegate_policies::revisions`].

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use tidegate_model::{
    attributes::Attributes,
    backend_error::BackendError,
    clock,
    delivery::{Delivery, Source},
    disposition::Disposition,
    error::chain,
    message::{Message, PublishError},
    revision::{RevisionId, RolledBack},
    scheduled_retry::{Next, RollbackNotice, ScheduledRetry},
};
use tidegate_policies::revisions::{CallResult, CannotRollBack, Revision};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::{
    ack::{NotAcknowledged, Report},
    pipeline::Pipeline,
};

/// The type of the event.
const EVENT_TYPE: &str = "tidegate.policy-rollback";
/// The delay before the first attempt to publish it.
const SOON: Duration = Duration::from_millis(5);
/// The delay before the second attempt; each further one is twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(1);
/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

impl Pipeline {
    /// Counts a decision or a fault, and rolls back when there is a reason to.
    pub(super) fn count(&self, revision: &Revision, result: CallResult) {
        let Some(reason) = revision.count(result) else {
            return;
        };
        let why = reason.to_string();
        let digest = &revision.id().digest;
        // Denied first: a kill in between must not lose it.
        self.reload.deny(digest, &why);
        match self.revisions.roll_back(revision.id().number, None, &why) {
            Ok(rolled_back) => {
                tracing::error!(from = %rolled_back.from, to = %rolled_back.to, why, "rolled back to the revision before");
                self.metrics.rolled_back("itself");
                // There is no receiver only while the gate stops.
                let _ = self.rollbacks.send(rolled_back);
            }
            // Another delivery was quicker.
            Err(CannotRollBack::NotCurrent) => {}
            Err(error) => {
                revision.accept();
                self.reload.allow(digest);
                tracing::error!(revision = %revision.id(), why, %error, "the revision should be rolled back, but cannot be");
            }
        }
    }
}

/// Schedules a notification of each rollback, so that it survives a stop. Scheduling is retried until `stop`.
pub async fn notify_rollbacks(
    pipeline: Arc<Pipeline>,
    mut rollbacks: UnboundedReceiver<RolledBack>,
    stop: CancellationToken,
) {
    let notify_all = async {
        while let Some(rolled_back) = rollbacks.recv().await {
            if let Some(channel) = pipeline.alert_channel() {
                let notice = RollbackNotice { rolled_back, channel };
                pipeline.schedule_first_notification(notice).await;
            }
        }
    };
    stop.run_until_cancelled(notify_all).await;
}

impl Pipeline {
    /// The first channel that receives alerts about all dead letters: it receives those about rollbacks too.
    fn alert_channel(&self) -> Option<String> {
        let current = self.revisions.current()?;
        let mut alerts = current.policy.catalog().alerts.iter();
        let all = alerts.find(|alert| alert.event_types.is_none())?;
        Some(all.channel.clone())
    }

    async fn schedule_first_notification(&self, notice: RollbackNotice) {
        let delivery = delivery(&notice.rolled_back);
        let mut delay = FIRST_DELAY;
        while let Err(error) = self.schedule_notification(&delivery, &notice, SOON).await {
            tracing::warn!(error = chain(&error), again_in = ?delay, "the notification of a rollback could not be scheduled");
            tokio::time::sleep(self.retries.scaled(delay)).await;
            delay = LONGEST_DELAY.min(delay * 2);
        }
    }

    async fn schedule_notification(
        &self,
        delivery: &Delivery,
        notice: &RollbackNotice,
        delay: Duration,
    ) -> Result<(), BackendError> {
        let mut delivery = delivery.clone();
        delivery.history.times_scheduled += 1;
        let retry = ScheduledRetry {
            delivery,
            next: Next::NotifyRollback(notice.clone()),
            due: clock::unix_millis().saturating_add(clock::millis(delay)),
        };
        self.scheduler.schedule(&retry, delay).await
    }

    /// Publishes the notification of a rollback. A retryable failure is scheduled again; a permanent one is logged.
    pub(super) async fn notify_rollback(
        &self,
        delivery: &Delivery,
        notice: &RollbackNotice,
    ) -> Result<Report, NotAcknowledged> {
        let rolled_back = &notice.rolled_back;
        let message = message(delivery, rolled_back);
        let report = |disposition, reason: &str| Report {
            disposition,
            reason: reason.to_owned(),
            event_id: Some(message.id.clone()),
            published: Vec::new(),
            violations: Vec::new(),
            revision: rolled_back.to.clone(),
        };
        let Some(sink) = self.channels.get(&notice.channel) else {
            return Ok(report(Disposition::Dropped, "its channel is not bound any more"));
        };
        let error = match sink.publish_one(&message).await {
            Ok(()) => {
                self.metrics.published(sink.name());
                return Ok(report(Disposition::Published, "operations are notified"));
            }
            Err(error) => error,
        };
        let line = chain(&error);
        let PublishError::Retryable { after, .. } = error else {
            tracing::error!(error = line, "the notification of a rollback was refused for good");
            return Ok(report(Disposition::Dropped, &line));
        };
        let delay = FIRST_DELAY.saturating_mul(2_u32.saturating_pow(delivery.history.times_scheduled));
        let delay = self
            .retries
            .scaled(delay.min(LONGEST_DELAY))
            .max(after.unwrap_or_default());
        tracing::warn!(error = line, again_in = ?delay, "the notification of a rollback could not be published");
        self.schedule_notification(delivery, notice, delay).await?;
        Ok(report(Disposition::Scheduled, &line))
    }
}

/// The event, in the form of a delivery.
fn delivery(rolled_back: &RolledBack) -> Delivery {
    let at = clock::now();
    let RolledBack { from, to, why } = rolled_back;
    let event = json!({
        "id": event_id(from, &at),
        "type": EVENT_TYPE,
        "rolled_back_at": at,
        "severity": "error",
        "error": why,
        "from": { "policy": from.digest },
        "to": { "policy": to.digest },
    });
    Delivery::new(Bytes::from(event.to_string()), Source::topic("policy-rollback"), at)
}

fn event_id(from: &RevisionId, at: &str) -> String {
    format!("policy-rollback-{}-{at}", from.digest.trim_start_matches("sha256:"))
}

fn message(delivery: &Delivery, rolled_back: &RolledBack) -> Message {
    Message {
        key: None,
        id: event_id(&rolled_back.from, &delivery.at),
        event_type: EVENT_TYPE.to_owned(),
        event: delivery.event.clone(),
        attributes: Attributes::default(),
        at: delivery.at.clone(),
        source: "tidegate".to_owned(),
        traceparent: None,
        attempt: 0,
        redriven: None,
        revision: rolled_back.to.clone(),
    }
}
