//! Where deliveries enter: from a subscription, from the scheduler, and from a consumer that failed. Each is counted, and
//! ends as an [`Ack`]. Knows nothing of how a delivery is processed.

use tidegate_model::{
    delivery::Delivery,
    error::chain,
    scheduled_retry::{Next, ScheduledRetry},
    untrusted::Untrusted,
};

use crate::{
    ack::{Ack, NotAcknowledged, Report},
    pipeline::Pipeline,
};

impl Pipeline {
    /// Processes one delivery, or returns why it must be redelivered. The path is a long one: its state is kept on the heap.
    pub async fn deliver(&self, delivery: &Delivery) -> Ack {
        self.account(delivery, Box::pin(self.process(delivery, None))).await
    }

    /// Processes a scheduled retry that is due.
    pub async fn resume(&self, retry: &ScheduledRetry) -> Ack {
        let delivery = &retry.delivery;
        match &retry.next {
            Next::Process => self.deliver(delivery).await,
            Next::DeadLetter(failure) => self.account(delivery, self.resume_dead_letter(delivery, failure)).await,
            Next::Publish(output) => self.account(delivery, self.publish_delayed(delivery, output)).await,
            Next::NotifyRollback(notice) => self.account(delivery, self.notify_rollback(delivery, notice)).await,
        }
    }

    /// A consumer could not handle an event: it is published again on the policy's schedule, or dead-lettered.
    pub async fn consumer_failed(&self, delivery: &Delivery, error: &str) -> Ack {
        self.account(delivery, Box::pin(self.process(delivery, Some(error))))
            .await
    }

    async fn account(
        &self,
        delivery: &Delivery,
        processed: impl Future<Output = Result<Report, NotAcknowledged>>,
    ) -> Ack {
        let _counted = self.metrics.enter();
        match processed.await {
            Ok(report) => {
                if report.disposition.is_final() {
                    self.leave_queue(delivery.history.queue.as_ref()).await;
                }
                self.metrics.acknowledged(&delivery.source.topic, report.disposition);
                tracing::debug!(
                    source = %delivery.source,
                    event_id = report.event_id.as_deref().map(|id| tracing::field::display(Untrusted(id))),
                    disposition = report.disposition.as_str(),
                    revision = report.revision.number,
                    "delivery processed"
                );
                Ack::Done(report)
            }
            Err(error) => {
                self.metrics.requeued(&delivery.source.topic);
                if let Some(suppressed) = self.requeued_log.allow() {
                    let error = chain(&error);
                    tracing::warn!(source = %delivery.source, error, suppressed, "delivery not acknowledged; it will be redelivered");
                }
                let wait = error.wait();
                Ack::Requeue { error, wait }
            }
        }
    }
}
