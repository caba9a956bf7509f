//! The consumer of a topic: reads it from its offset on and passes each record to the pipeline, in order.
//!
//! The offset moves only when a record is acknowledged; otherwise the record is redelivered. While the data file cannot be
//! read or written (a full disk), the consumer retries. Knows nothing of what the pipeline does.

use std::time::Duration;

use tidegate_model::{
    delivery::{Delivery, Source},
    envelope::{Headers, unwrap},
    subscription::Subscription,
};
use tidegate_pipeline::{Ack, NotAcknowledged, Pipeline, Report};
use tokio_util::sync::CancellationToken;

use super::{Db, Processed, SqliteError, Stored};

/// Records read at a time.
const BATCH: u32 = 64;
/// How often to check for records that another process has appended.
const POLL: Duration = Duration::from_millis(50);
/// The shortest wait before a retry.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait before a retry.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Consumes a topic until `stop`. The record in progress is finished first.
pub async fn consume(db: Db, subscription: Subscription, pipeline: &Pipeline, stop: CancellationToken) {
    let mut backoff = SHORTEST_WAIT;
    while !stop.is_cancelled() {
        match consume_batch(&db, &subscription, pipeline, &stop).await {
            Ok(()) => backoff = SHORTEST_WAIT,
            Err(error) => {
                tracing::error!(topic = subscription.topic.name, %error, "the topic cannot be read; retrying");
                tokio::select! {
                    () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(LONGEST_WAIT),
                    () = stop.cancelled() => {}
                }
            }
        }
    }
}

async fn consume_batch(
    db: &Db,
    subscription: &Subscription,
    pipeline: &Pipeline,
    stop: &CancellationToken,
) -> Result<(), SqliteError> {
    let topic = &subscription.topic.name;
    let appended = db.appended.notified();
    let next = db.next_offset(topic).await?;
    let batch = db.read(topic, next, BATCH).await?;
    if batch.is_empty() {
        tokio::select! {
            () = appended => {}
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
    for stored in batch {
        let offset = stored.offset;
        let Some(report) = deliver(pipeline, subscription, stored, stop).await else {
            return Ok(());
        };
        db.acknowledge(topic, offset, Processed::of(&report)).await?;
        if stop.is_cancelled() {
            return Ok(());
        }
    }
    Ok(())
}

/// Delivers one record until it is acknowledged; `None`: the consumer stops.
async fn deliver(
    pipeline: &Pipeline,
    subscription: &Subscription,
    stored: Stored,
    stop: &CancellationToken,
) -> Option<Report> {
    let source = Source {
        offset: Some(stored.offset.to_string()),
        ..Source::topic(&subscription.topic.name)
    };
    let unwrapped = unwrap(stored.record.value.into(), false, &Headers::NONE);
    let tombstone = unwrapped.tombstone(subscription.tombstones, stored.record.key);
    let delivery = unwrapped.delivery(source, stored.record.at);
    let delivery = Delivery {
        unjudged: tombstone.or(delivery.unjudged),
        once: subscription.idempotent,
        ..delivery
    };
    let mut backoff = SHORTEST_WAIT;
    loop {
        match pipeline.deliver(&delivery).await {
            Ack::Done(report) => return Some(report),
            Ack::Requeue { error, wait } => {
                let wait = match error {
                    NotAcknowledged::InProgress(_) => wait,
                    _ => wait.max(backoff),
                };
                backoff = (backoff * 2).min(LONGEST_WAIT);
                tokio::select! {
                    () = tokio::time::sleep(wait.min(LONGEST_WAIT)) => {}
                    () = stop.cancelled() => return None,
                }
            }
        }
    }
}
