//! Waiting behind an earlier event of the same key, and making way for the next.

use std::time::Duration;

use super::{NotAcknowledged, Pipeline, Report, Run};
use crate::{
    clock,
    delivery::{Delivery, Line},
    scheduled_retry::Next,
    order::Place,
};

/// How long an event that waits in line is put aside for each one before it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The longest of these waits, as a multiple of it.
const SELDOM: u32 = 30;

/// Whether an event may go on.
#[derive(Debug)]
pub(super) enum Turn {
    /// It may.
    Now {
        /// Whether it stands in line, and must leave it in the end.
        in_line: bool,
    },
    /// It is put aside.
    Later(Report),
}

impl Pipeline {
    /// Puts an event aside when earlier ones of its key are.
    pub(super) async fn await_order(&self, run: Run<'_>) -> Result<Turn, NotAcknowledged> {
        let Some((order, line)) = self.order.as_ref().zip(run.line()) else {
            return Ok(Order::Proceed { in_line: false });
        };
        let mut delivery: Delivery = run.delivery.clone();
        let since = delivery.history.waits_since;
        let before = match order.place(&line.key, &line.event, since).await? {
            Position::Front { in_line } => return Ok(Order::Proceed { in_line }),
            Position::TimedOut => {
                self.metrics.ordering_violation(&delivery.source.topic);
                return Ok(Order::Proceed { in_line: true });
            }
            Position::Behind(before) => before,
        };
        delivery.history.waits_since.get_or_insert_with(clock::unix_millis);
        delivery.history.last_error = Some("an earlier event of its key is put aside".to_owned());
        let wait = self.retries.scaled(LOOK_AGAIN * before.min(SELDOM));
        let report = self.schedule(run, delivery, Next::Process, wait, None).await?;
        Ok(Order::Scheduled(report))
    }

    /// The event joins the line of its key, so that those after it wait.
    pub(super) async fn join_queue(&self, run: Run<'_>, delivery: &mut Delivery, wait: Duration) -> Result<(), NotAcknowledged> {
        if let Some((order, line)) = self.order.as_ref().zip(run.line()) {
            order.join(&line.key, &line.event, wait).await?;
            delivery.history.line = Some(line);
        }
        Ok(())
    }

    /// An event has come to its end. Should that not be told, those behind it wait until their time is up.
    pub(super) async fn leave_queue(&self, line: Option<&Line>) {
        if let Some((order, line)) = self.order.as_ref().zip(line)
            && let Err(error) = order.leave(&line.key, &line.event).await
        {
            tracing::warn!(%error, "an event stays in the line of its key");
        }
    }
}

impl Run<'_> {
    /// Its place in the line of its key: the one that it has, or would have.
    pub(super) fn line(&self) -> Option<Line> {
        let place = |key: &str| Line {
            key: key.to_owned(),
            event: self.delivery.identity(),
        };
        self.delivery.history.line.clone().or_else(|| self.key.map(place))
    }
}
