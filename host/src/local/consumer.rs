//! Receiving on the embedded backend: reads a topic from its offset on and hands each record to the pipeline, in order.
//!
//! The offset moves only when the pipeline is done with a record; one that is not done is brought again.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Db, Judged, LocalError, Record};
use crate::{
    delivery::{Delivery, Source},
    pipeline::{Ack, NotDone, Pipeline, Report},
};

/// Records read at a time.
const BATCH: u32 = 64;
/// How often to look for records that another process has appended.
const POLL: Duration = Duration::from_millis(50);
/// The longest wait before a record is brought again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Consumes a topic until `stop`. The record at hand is finished first.
pub async fn consume(db: Db, topic: String, pipeline: &Pipeline, stop: CancellationToken) -> Result<(), LocalError> {
    let mut next = db.next_offset(&topic).await?;
    while !stop.is_cancelled() {
        let appended = db.appended.notified();
        let batch = db.read(&topic, next, BATCH).await?;
        if batch.is_empty() {
            tokio::select! {
                () = appended => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
        for record in batch {
            let offset = record.offset;
            let Some(report) = deliver(pipeline, &topic, record, &stop).await else {
                return Ok(());
            };
            let judged = Judged {
                verdict: report.end.as_str().to_owned(),
                reason: report.reason,
                policy: report.policy,
            };
            db.acknowledge(&topic, offset, judged).await?;
            next = offset + 1;
            if stop.is_cancelled() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Brings one record until it is done, or `None` when it is time to stop.
async fn deliver(pipeline: &Pipeline, topic: &str, record: Record, stop: &CancellationToken) -> Option<Report> {
    let delivery = Delivery {
        event: record.value.into(),
        source: Source {
            topic: topic.to_owned(),
            partition: None,
            offset: Some(record.offset.to_string()),
        },
        at: record.at,
        traceparent: None,
    };
    let mut backoff = Duration::from_millis(100);
    loop {
        match pipeline.deliver(&delivery).await {
            Ack::Done(report) => return Some(report),
            Ack::Again { error, wait } => {
                let wait = match error {
                    NotDone::Busy => wait,
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
