//! Processes scheduled retries on SQLite when they are due, several at a time. Knows nothing of what the pipeline does.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tidegate_model::{clock, scheduled_retry::ScheduledRetry};
use tidegate_pipeline::{Ack, Pipeline};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Db, Processed, SqliteError};

/// Retries that are processed at the same time.
const AT_ONCE: u32 = 64;
/// How often to check for retries that another process has scheduled.
const POLL: Duration = Duration::from_millis(500);
/// The longest wait before a retry that was not acknowledged is due again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often expired records are deleted.
const SWEEP: Duration = Duration::from_mins(1);

/// Processes retries until `stop`. Those in progress are finished first.
pub async fn resume(db: Db, pipeline: Arc<Pipeline>, stop: CancellationToken) {
    let mut in_progress = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    while !stop.is_cancelled() {
        let wait = match due(&db, &mut in_progress, &mut tasks, &pipeline).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "scheduled retries cannot be read; retrying");
                LONGEST_WAIT
            }
        };
        tokio::select! {
            Some(finished) = tasks.join_next_with_id() => {
                let task = finished.map_or_else(|panicked| panicked.id(), |(task, ())| task);
                in_progress.remove(&task);
            }
            () = db.scheduled.notified() => {}
            () = tokio::time::sleep(wait) => {}
            _ = sweep.tick() => {
                if let Err(error) = db.sweep().await {
                    tracing::warn!(%error, "expired records cannot be deleted now");
                }
            }
            () = stop.cancelled() => {}
        }
    }
    tasks.join_all().await;
}

/// Starts due retries up to the limit; returns the time until another is due.
async fn due(
    db: &Db,
    in_progress: &mut HashMap<tokio::task::Id, String>,
    tasks: &mut JoinSet<()>,
    pipeline: &Arc<Pipeline>,
) -> Result<Duration, SqliteError> {
    for (name, record) in db.due(AT_ONCE).await? {
        if in_progress.len() < AT_ONCE as usize && !in_progress.values().any(|other| *other == name) {
            let (db, pipeline, retry) = (db.clone(), pipeline.clone(), name.clone());
            let task = tasks.spawn(async move { process(&db, &pipeline, &retry, &record).await });
            in_progress.insert(task.id(), name);
        }
    }
    let next = db.next_due().await?.map_or(i64::MAX, |due| due - clock::unix_millis());
    Ok(Duration::from_millis(u64::try_from(next).unwrap_or(0)).min(POLL))
}

async fn process(db: &Db, pipeline: &Pipeline, name: &str, record: &str) {
    let stored = match ScheduledRetry::from_json(record) {
        Ok(retry) => match pipeline.resume(&retry).await {
            Ack::Done(report) => {
                let source = retry.delivery.source;
                let first_record = source
                    .offset
                    .and_then(|offset| Some((source.topic, offset.parse().ok()?)));
                db.finish(name.to_owned(), first_record, Processed::of(&report)).await
            }
            Ack::Requeue { wait, .. } => db.postpone(name.to_owned(), wait.min(LONGEST_WAIT)).await,
        },
        Err(error) => {
            tracing::error!(retry = name, %error, "cannot resume scheduled retry; leaving it in place");
            db.postpone(name.to_owned(), SWEEP).await
        }
    };
    if let Err(error) = stored {
        tracing::warn!(retry = name, %error, "the disposition of a scheduled retry could not be stored; it will be processed again");
        tokio::time::sleep(POLL).await;
    }
}
