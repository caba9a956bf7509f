//! Going back to the policy before by itself, and telling operations.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::{Pipeline, chain};
use crate::{
    clock,
    generation::{CannotRollBack, Generation, Judged, RolledBack},
    sink::Message,
};

/// The channel that hears of it, where it is bound.
const CHANNEL: &str = "ops-alerts";
/// The type of the event.
const EVENT_TYPE: &str = "tidegate.policy-rollback";
/// The wait before the event is sent again for the first time; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of them.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

impl Pipeline {
    /// Counts a judgement, and goes back to the policy before when this one does badly.
    pub(super) fn count(&self, generation: &Generation, judged: Judged) {
        let Some(trouble) = generation.count(judged) else {
            return;
        };
        let why = trouble.to_string();
        match self.generations.roll_back(generation.label().number, None, &why) {
            Ok(rolled_back) => {
                tracing::error!(from = %rolled_back.from, to = %rolled_back.to, why, "the gate went back to the policy before");
                self.metrics.rolled_back("itself");
                // Nobody listens only while the gate stops.
                let _ = self.rollbacks.send(rolled_back);
            }
            // Another delivery was quicker.
            Err(CannotRollBack::NotCurrent { .. }) => {}
            Err(error) => {
                generation.accept();
                tracing::error!(generation = %generation.label(), why, %error, "the gate would go back and cannot");
            }
        }
    }
}

/// Tells operations of each rollback until `stop`. Should that not work it is tried again, as long as the gate runs.
pub async fn announce(pipeline: Arc<Pipeline>, mut rollbacks: UnboundedReceiver<RolledBack>, stop: CancellationToken) {
    let announce_all = async {
        while let Some(rolled_back) = rollbacks.recv().await {
            pipeline.alert(&rolled_back).await;
        }
    };
    stop.run_until_cancelled(announce_all).await;
}

impl Pipeline {
    async fn alert(&self, rolled_back: &RolledBack) {
        let Some(sink) = self.channels.get(CHANNEL) else { return };
        let message = message(rolled_back);
        let mut wait = FIRST_WAIT;
        while let Err(error) = self.sinks.send(sink, &message).await {
            tracing::warn!(error = chain(&error), again_in = ?wait, "operations could not be told that the gate went back");
            tokio::time::sleep(self.retries.scaled(wait)).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
        self.metrics.published(sink.name());
    }
}

/// In the form of the other alerts, so that whoever reads them needs no other reader.
fn message(rolled_back: &RolledBack) -> Message {
    let RolledBack { from, to, why } = rolled_back;
    let at = clock::now();
    let id = format!("policy-rollback-{}-{at}", from.digest.trim_start_matches("sha256:"));
    let event = json!({
        "event_id": id,
        "event_type": EVENT_TYPE,
        "event_version": "1.0",
        "task_id": 0,
        "user_id": "unknown",
        "timestamp": at,
        "payload": {
            "severity": "error",
            "error": why,
            "from": { "generation": from.number, "policy": from.digest },
            "to": { "generation": to.number, "policy": to.digest },
        },
    });
    Message {
        key: "unknown".to_owned(),
        id,
        event_type: EVENT_TYPE.to_owned(),
        event: Bytes::from(event.to_string()),
        at,
        source: "tidegate".to_owned(),
        traceparent: None,
        attempt: 0,
        redriven: None,
        label: to.clone(),
    }
}
