//! Going back to the policy before by itself, and telling operations.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::{Disposition, NotAcknowledged, Pipeline, Report, chain};
use crate::{
    backend::BackendError,
    clock,
    delivery::{Delivery, Source},
    revision::{CannotRollBack, Revision, Judged, Label, RolledBack},
    scheduled_retry::{ScheduledRetry, Next},
    sink::{Later, Message, PublishError},
};

/// The channel that hears of it, where it is bound.
const CHANNEL: &str = "ops-alerts";
/// The type of the event.
const EVENT_TYPE: &str = "tidegate.policy-rollback";
/// The user that it concerns: none.
const USER: &str = "unknown";
/// The wait before it is sent for the first time.
const SOON: Duration = Duration::from_millis(5);
/// The wait before it is sent again for the first time; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

impl Pipeline {
    /// Counts a judgement, and goes back to the policy before when this one does badly.
    pub(super) fn count(&self, revision: &Revision, judged: Judged) {
        let Some(trouble) = revision.count(judged) else {
            return;
        };
        let why = trouble.to_string();
        let digest = &revision.label().digest;
        // First of all, so that no kill comes between.
        self.reload.remember(digest, &why);
        match self.revisions.roll_back(revision.label().number, None, &why) {
            Ok(rolled_back) => {
                tracing::error!(from = %rolled_back.from, to = %rolled_back.to, why, "the gate went back to the policy before");
                self.metrics.rolled_back("itself");
                // Nobody listens only while the gate stops.
                let _ = self.rollbacks.send(rolled_back);
            }
            // Another delivery was quicker.
            Err(CannotRollBack::NotCurrent { .. }) => {}
            Err(error) => {
                revision.accept();
                self.reload.accept(digest);
                tracing::error!(revision = %revision.label(), why, %error, "the gate would go back and cannot");
            }
        }
    }
}

/// Puts aside that operations are to be told of each rollback: it survives a stop. What cannot be put aside is tried
/// again, until `stop`.
pub async fn announce(pipeline: Arc<Pipeline>, mut rollbacks: UnboundedReceiver<RolledBack>, stop: CancellationToken) {
    let announce_all = async {
        while let Some(rolled_back) = rollbacks.recv().await {
            if pipeline.channels.contains_key(CHANNEL) {
                pipeline.announce(rolled_back).await;
            }
        }
    };
    stop.run_until_cancelled(announce_all).await;
}

impl Pipeline {
    async fn announce(&self, rolled_back: RolledBack) {
        let delivery = delivery(&rolled_back);
        let mut wait = FIRST_WAIT;
        while let Err(error) = self.schedule_notification(&delivery, &rolled_back, SOON).await {
            tracing::warn!(error = chain(&error), again_in = ?wait, "it could not be put aside that operations are to be told of a rollback");
            tokio::time::sleep(self.retries.scaled(wait)).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    async fn schedule_notification(
        &self,
        delivery: &Delivery,
        rolled_back: &RolledBack,
        wait: Duration,
    ) -> Result<(), BackendError> {
        let mut delivery = delivery.clone();
        delivery.history.turn += 1;
        let hold = ScheduledRetry {
            delivery,
            next: Next::NotifyRollback(rolled_back.clone()),
            due: clock::unix_millis().saturating_add(clock::millis(wait)),
        };
        self.scheduler.hold(&hold, wait).await
    }

    /// Tells operations of a rollback. What may work later is put aside once more; who does not want to hear of it is left
    /// alone.
    pub(super) async fn tell(&self, delivery: &Delivery, rolled_back: &RolledBack) -> Result<Report, NotAcknowledged> {
        let message = message(delivery, rolled_back);
        let report = |end, reason: &str| Report {
            end,
            reason: reason.to_owned(),
            event_id: Some(message.id.clone()),
            sent: Vec::new(),
            violations: Vec::new(),
            label: rolled_back.to.clone(),
        };
        let Some(sink) = self.channels.get(CHANNEL) else {
            return Ok(report(Disposition::Dropped, "its channel leads nowhere any more"));
        };
        let error = match self.sinks.send(sink, &message).await {
            Ok(()) => {
                self.metrics.published(sink.name());
                return Ok(report(Disposition::Published, "operations are told"));
            }
            Err(error) => error,
        };
        let line = chain(&error);
        let PublishError::Retryable(Later { after, .. }) = error else {
            tracing::error!(
                error = line,
                "operations are not told that the gate went back: the event is refused"
            );
            return Ok(report(Disposition::Dropped, &line));
        };
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(delivery.history.turn));
        let wait = self
            .retries
            .scaled(wait.min(LONGEST_WAIT))
            .max(after.unwrap_or_default());
        tracing::warn!(error = line, again_in = ?wait, "operations could not be told that the gate went back");
        self.schedule_notification(delivery, rolled_back, wait).await?;
        Ok(report(Disposition::Scheduled, &line))
    }
}

/// The event, as if it had come from somewhere.
fn delivery(rolled_back: &RolledBack) -> Delivery {
    let at = clock::now();
    let RolledBack { from, to, why } = rolled_back;
    let event = json!({
        "event_id": event_id(from, &at),
        "event_type": EVENT_TYPE,
        "event_version": "1.0",
        "task_id": 0,
        "user_id": USER,
        "timestamp": at,
        "payload": {
            "severity": "error",
            "error": why,
            "from": { "revision": from.number, "policy": from.digest },
            "to": { "revision": to.number, "policy": to.digest },
        },
    });
    Delivery::new(Bytes::from(event.to_string()), Source::topic("policy-rollback"), at)
}

fn event_id(from: &Label, at: &str) -> String {
    format!("policy-rollback-{}-{at}", from.digest.trim_start_matches("sha256:"))
}

/// In the form of the other alerts, so that whoever reads them needs no other reader.
fn message(delivery: &Delivery, rolled_back: &RolledBack) -> Message {
    Message {
        key: USER.to_owned(),
        id: event_id(&rolled_back.from, &delivery.at),
        event_type: EVENT_TYPE.to_owned(),
        event: delivery.event.clone(),
        at: delivery.at.clone(),
        source: "tidegate".to_owned(),
        traceparent: None,
        attempt: 0,
        redriven: None,
        label: rolled_back.to.clone(),
    }
}
