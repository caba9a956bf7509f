//! Waiting behind an earlier event of the same key, and making way for the next.

use std::time::Duration;

use super::{NotDone, Pipeline, Report, Run};
use crate::{clock, delivery::Delivery, hold::Next, order::Place};

/// How long an event that waits in line is put aside before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Pipeline {
    /// Puts an event aside when earlier ones of its key are; `None`: it may go on.
    pub(super) async fn wait_in_line(&self, run: Run<'_>) -> Result<Option<Report>, NotDone> {
        let (Some(order), Some(key), Some(event_id)) = (&self.order, run.key, run.event_id) else {
            return Ok(None);
        };
        match order.place(key, event_id, run.delivery.history.waits_since).await? {
            Place::Free => return Ok(None),
            Place::Overtakes => {
                self.metrics.overtook(&run.delivery.source.topic);
                return Ok(None);
            }
            Place::Behind => {}
        }
        let mut delivery: Delivery = run.delivery.clone();
        delivery.history.waits_since.get_or_insert_with(clock::unix_millis);
        delivery.history.last_error = Some("an earlier event of its key is put aside".to_owned());
        let wait = self.retries.scaled(LOOK_AGAIN);
        self.put_aside(run, delivery, Next::Process, wait, None).await.map(Some)
    }

    /// The event joins the line of its key, so that those after it wait.
    pub(super) async fn join_line(&self, run: Run<'_>, wait: Duration) -> Result<(), NotDone> {
        if let (Some(order), Some(key), Some(event_id)) = (&self.order, run.key, run.event_id) {
            order.join(key, event_id, wait).await?;
        }
        Ok(())
    }

    /// An event that was put aside has come to its end. Should that not be told, those behind it wait until their time
    /// is up.
    pub(super) async fn leave_line(&self, run: Run<'_>) {
        let (Some(order), Some(key), Some(event_id)) = (&self.order, run.key, run.event_id) else {
            return;
        };
        if run.delivery.history.turn > 0
            && let Err(error) = order.leave(key, event_id).await
        {
            tracing::warn!(%error, "an event stays in the line of its key");
        }
    }
}
