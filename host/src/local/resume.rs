//! Going on with what was put aside on the embedded backend, as it comes due; several at a time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Db, Judged};
use crate::{
    clock,
    scheduled_retry::ScheduledRetry,
    pipeline::{Ack, Pipeline},
};

/// Holds that are worked on at the same time.
const AT_ONCE: u32 = 64;
/// How often to look for holds that another process has made.
const POLL: Duration = Duration::from_millis(500);
/// The longest wait before a hold that did not come to its end is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often what is out of date is deleted.
const SWEEP: Duration = Duration::from_mins(1);

/// Goes on with holds until `stop`. What is under way then is finished first.
pub async fn resume(db: Db, pipeline: Arc<Pipeline>, stop: CancellationToken) {
    let mut under_way = HashMap::new();
    let mut tasks = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    while !stop.is_cancelled() {
        let wait = match due(&db, &mut under_way, &mut tasks, &pipeline).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "holds cannot be read; trying again");
                LONGEST_WAIT
            }
        };
        tokio::select! {
            Some(ended) = tasks.join_next_with_id() => {
                let task = ended.map_or_else(|panicked| panicked.id(), |(task, ())| task);
                under_way.remove(&task);
            }
            () = db.held.notified() => {}
            () = tokio::time::sleep(wait) => {}
            _ = sweep.tick() => {
                if let Err(error) = db.sweep().await {
                    tracing::warn!(%error, "what is out of date stays in the data file for now");
                }
            }
            () = stop.cancelled() => {}
        }
    }
    tasks.join_all().await;
}

/// Starts what is due, as far as there is room, and says how long there is nothing more to start.
async fn due(
    db: &Db,
    under_way: &mut HashMap<tokio::task::Id, String>,
    tasks: &mut JoinSet<()>,
    pipeline: &Arc<Pipeline>,
) -> Result<Duration, super::SqliteError> {
    for (name, record) in db.due(AT_ONCE).await? {
        if under_way.len() < AT_ONCE as usize && !under_way.values().any(|other| *other == name) {
            let (db, pipeline, hold) = (db.clone(), pipeline.clone(), name.clone());
            let task = tasks.spawn(async move { go_on(&db, &pipeline, &hold, &record).await });
            under_way.insert(task.id(), name);
        }
    }
    let next = db.next_due().await?.map_or(i64::MAX, |due| due - clock::unix_millis());
    Ok(Duration::from_millis(u64::try_from(next).unwrap_or(0)).min(POLL))
}

async fn go_on(db: &Db, pipeline: &Pipeline, name: &str, record: &str) {
    let ended = match ScheduledRetry::from_json(record) {
        Ok(hold) => match pipeline.resume(&hold).await {
            Ack::Done(report) => {
                let source = hold.delivery.source;
                let began = source
                    .offset
                    .and_then(|offset| Some((source.topic, offset.parse().ok()?)));
                db.end(name.to_owned(), began, Judged::of(&report)).await
            }
            Ack::Requeue { wait, .. } => db.postpone(name.to_owned(), wait.min(LONGEST_WAIT)).await,
        },
        Err(error) => {
            tracing::error!(hold = name, %error, "it stays where it is");
            db.postpone(name.to_owned(), SWEEP).await
        }
    };
    if let Err(error) = ended {
        tracing::warn!(hold = name, %error, "it will be gone on with once more");
        tokio::time::sleep(POLL).await;
    }
}
