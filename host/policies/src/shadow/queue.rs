//! The events that wait for the shadow policy: bounded in number and in bytes. Knows nothing of how they are judged.

use std::sync::Arc;

use bytes::Bytes;
use tidegate_engine::{Attribute, Policy};
use tidegate_model::delivery::Delivery;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

use super::comparison_key::ComparisonKey;
use crate::comparison::Answer;

/// Bytes of events and outputs in the queue.
const WAITING_BYTES: usize = 32 << 20;

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    sender: mpsc::Sender<QueuedEvent>,
    receiver: Mutex<mpsc::Receiver<QueuedEvent>>,
    memory: Arc<Semaphore>,
}

/// An event in the queue, and the answer of the live policy.
#[derive(Debug)]
pub(super) struct QueuedEvent {
    pub(super) comparison_key: Arc<ComparisonKey>,
    pub(super) shadow: Arc<Policy>,
    pub(super) event: Bytes,
    pub(super) attributes: Vec<Attribute>,
    pub(super) at: String,
    pub(super) source: String,
    pub(super) live: Answer,
    _memory: OwnedSemaphorePermit,
}

impl Queue {
    /// An empty queue for that many events.
    pub(super) fn new(length: usize) -> Self {
        let (sender, receiver) = mpsc::channel(length);
        Self {
            sender,
            receiver: receiver.into(),
            memory: Arc::new(Semaphore::new(WAITING_BYTES)),
        }
    }

    /// Adds an event; false: there is no room for it. Never waits.
    pub(super) fn add(
        &self,
        delivery: &Delivery,
        comparison_key: &Arc<ComparisonKey>,
        shadow: Arc<Policy>,
        live: impl FnOnce() -> Answer,
    ) -> bool {
        let Ok(slot) = self.sender.try_reserve() else {
            return false;
        };
        let live = live();
        let bytes =
            u32::try_from(delivery.event.len() + delivery.attributes.bytes() + live.bytes()).unwrap_or(u32::MAX);
        let Ok(memory) = self.memory.clone().try_acquire_many_owned(bytes) else {
            return false;
        };
        slot.send(QueuedEvent {
            comparison_key: comparison_key.clone(),
            shadow,
            event: delivery.event.clone(),
            attributes: delivery.attributes.canonical(),
            at: delivery.at.clone(),
            source: delivery.source.to_string(),
            live,
            _memory: memory,
        });
        true
    }

    /// The next event. Waits until there is one; never `None`, since the queue keeps a sender.
    pub(super) async fn next(&self) -> Option<QueuedEvent> {
        self.receiver.lock().await.recv().await
    }
}
