//! Sends alerts: one at once, and one for all that follow of a type and a code within the window. A crash loses a count at most: the dead
//! letters are published. Knows nothing of what is in an alert.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tidegate_engine::Output;
use tidegate_model::{
    attributes::Attributes,
    clock,
    dead_letter::{AlertGroup, CountedAlerts, counted_alert},
    error::chain,
    message::Message,
    scheduled_retry::Failure,
};
use tokio_util::sync::CancellationToken;

use crate::pipeline::Pipeline;

/// How often windows are looked at.
const TICK: Duration = Duration::from_millis(500);
/// Time for the last alerts when the gate stops.
const LAST: Duration = Duration::from_secs(5);

/// Sends what is counted when its window ends, until `stop`, and then what is left.
pub async fn send_counted_alerts(pipeline: Arc<Pipeline>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TICK)).await.is_some() {
        let ended = pipeline.alerts.with(|windows| windows.ended(Instant::now()));
        pipeline.send_all(ended).await;
    }
    let left = pipeline.alerts.with(|windows| windows.all(Instant::now()));
    if tokio::time::timeout(LAST, pipeline.send_all(left)).await.is_err() {
        tracing::warn!("the last alerts were not accepted in {LAST:?}; the dead letters that they count are published");
    }
}

impl Pipeline {
    /// The dead letter, and those of its alerts that are sent at once. The first output is the dead letter.
    pub(super) fn without_counted_alerts(
        &self,
        mut outputs: Vec<Output>,
        groups: &[AlertGroup],
        failure: &Failure,
        now: &str,
    ) -> Vec<Output> {
        let Some(id) = outputs.first().map(|letter| letter.id.clone()) else {
            return outputs;
        };
        outputs.retain(|output| {
            if output.id == id {
                return true;
            }
            let Some(group) = groups.iter().find(|group| group.channel == output.channel) else {
                return true;
            };
            let letter = CountedAlerts::one(&id, now, &failure.decided_by);
            let is_sent = self.alerts.with(|windows| windows.admit(group, letter, Instant::now()));
            self.metrics.alert(if is_sent { "sent" } else { "counted" });
            is_sent
        });
        outputs
    }

    async fn send_all(&self, counted: Vec<(AlertGroup, CountedAlerts)>) {
        for (group, counted) in counted {
            let Some(sink) = self.channels.get(&group.channel) else {
                continue;
            };
            if let Err(error) = sink.publish_one(&message(&group, &counted)).await {
                tracing::warn!(
                    channel = group.channel,
                    error = chain(&error),
                    "an alert could not be published; it is counted in the next"
                );
                let now = Instant::now();
                self.alerts.with(|windows| windows.restore(group, counted, now));
                continue;
            }
            self.metrics.published(sink.name());
        }
    }
}

fn message(group: &AlertGroup, counted: &CountedAlerts) -> Message {
    let now = clock::now();
    let Output {
        key,
        id,
        event_type,
        event,
        ..
    } = counted_alert(group, counted);
    Message {
        key,
        id,
        event_type,
        event: event.unwrap_or_default().into(),
        attributes: Attributes::default(),
        at: now,
        source: "tidegate".to_owned(),
        traceparent: None,
        attempt: 0,
        redriven: None,
        revision: counted.decided_by.clone(),
    }
}
