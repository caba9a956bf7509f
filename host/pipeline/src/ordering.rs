//! Per-key ordering: an event waits behind an earlier one of its key whose retry is scheduled. Knows nothing of how a
//! queue is stored.

use std::time::Duration;

use tidegate_model::{
    clock,
    delivery::{Delivery, QueueEntry},
    scheduled_retry::Next,
};

use crate::{
    ack::{NotAcknowledged, Report},
    key_queue::Position,
    pipeline::Pipeline,
    run::Run,
};

/// The delay of a waiting event, for each event before it in the queue.
const DELAY_EACH: Duration = Duration::from_secs(1);
/// The longest such delay, as a multiple of it.
const MAX_EACH: u32 = 30;

/// Whether an event may be processed now.
#[derive(Debug)]
pub(super) enum Order {
    /// It may.
    Proceed {
        /// Whether it is in the queue of its key, and must leave it when it is finished.
        is_queued: bool,
    },
    /// Its retry is scheduled.
    Scheduled(Report),
}

impl Pipeline {
    /// Schedules a retry when earlier events of the key wait for theirs.
    pub(super) async fn await_order(&self, run: Run<'_>) -> Result<Order, NotAcknowledged> {
        let Some((queues, entry)) = self.queues.as_ref().zip(run.queue_entry()) else {
            return Ok(Order::Proceed { is_queued: false });
        };
        let mut delivery: Delivery = run.delivery.clone();
        let since = delivery.history.waiting_since;
        let before = match queues.position(&entry.key, &entry.event, since).await? {
            Position::Front { is_queued } => return Ok(Order::Proceed { is_queued }),
            Position::TimedOut => {
                self.metrics.ordering_violation(&delivery.source.topic);
                return Ok(Order::Proceed { is_queued: true });
            }
            Position::Behind(before) => before,
        };
        delivery.history.waiting_since.get_or_insert_with(clock::unix_millis);
        delivery.history.last_error = Some("the retry of an earlier event of its key is scheduled".to_owned());
        let delay = self.retries.scaled(DELAY_EACH * before.min(MAX_EACH));
        let report = self.schedule(run, delivery, Next::Process, delay, None).await?;
        Ok(Order::Scheduled(report))
    }

    /// The event joins the queue of its key, so that later ones wait.
    pub(super) async fn join_queue(
        &self,
        run: Run<'_>,
        delivery: &mut Delivery,
        delay: Duration,
    ) -> Result<(), NotAcknowledged> {
        if let Some((queues, entry)) = self.queues.as_ref().zip(run.queue_entry()) {
            queues.join(&entry.key, &entry.event, delay).await?;
            delivery.history.queue = Some(entry);
        }
        Ok(())
    }

    /// The event leaves the queue of its key. If this fails, queued events wait until their timeout.
    pub(super) async fn leave_queue(&self, entry: Option<&QueueEntry>) {
        if let Some((queues, entry)) = self.queues.as_ref().zip(entry)
            && let Err(error) = queues.leave(&entry.key, &entry.event).await
        {
            tracing::warn!(%error, "an event could not leave the queue of its key; events behind it wait until their timeout");
        }
    }
}
