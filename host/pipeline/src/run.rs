//! A delivery in progress: what is known of its event, and how its end is reported. Knows no sink and no store.

use tidegate_engine::Violation;
use tidegate_model::{
    delivery::{Delivery, QueueEntry},
    disposition::{DeadLetterReason, Disposition},
    scheduled_retry::Failure,
};
use tidegate_policies::{decision::Usable, revisions::Revision};

use crate::ack::Report;

/// A delivery in progress, with the revision that it began with and what is known of its event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) revision: &'a Revision,
    pub(super) delivery: &'a Delivery,
    pub(super) event_id: Option<&'a str>,
    /// Partition key of the event.
    pub(super) key: Option<&'a str>,
}

impl<'a> Run<'a> {
    pub(super) fn new(revision: &'a Revision, delivery: &'a Delivery) -> Self {
        Self {
            revision,
            delivery,
            event_id: None,
            key: None,
        }
    }

    /// With the id and the key that the policy has read.
    pub(super) fn with(self, decision: &'a Usable) -> Self {
        Self {
            event_id: decision.event_id.as_deref(),
            key: decision.outputs.first().map(|output| &*output.key),
            ..self
        }
    }

    pub(super) fn report(&self, disposition: Disposition, reason: &str) -> Report {
        Report {
            disposition,
            reason: reason.to_owned(),
            event_id: self.event_id.map(str::to_owned),
            published: Vec::new(),
            violations: Vec::new(),
            revision: self.revision.id().clone(),
        }
    }

    pub(super) fn rejection(&self, decision: &Usable) -> Failure {
        self.rejected(decision.reason.clone(), decision.violations.clone())
    }

    pub(super) fn id_conflict(&self) -> Failure {
        let violation = Violation {
            code: "id-conflict".to_owned(),
            path: "/event_id".to_owned(),
            message: "another event with this event_id was processed before; ids must not be used twice".to_owned(),
        };
        self.rejected(format!("{}: {}", violation.code, violation.message), vec![violation])
    }

    fn rejected(&self, error: String, violations: Vec<Violation>) -> Failure {
        Failure {
            reason: DeadLetterReason::Rejected,
            error,
            violations,
            attempts: 0,
            decided_by: self.revision.id().clone(),
        }
    }

    /// The entry in the queue of its key that it has, or would have.
    pub(super) fn queue_entry(&self) -> Option<QueueEntry> {
        let entry = |key: &str| QueueEntry {
            key: key.to_owned(),
            event: self.delivery.identity(),
        };
        self.delivery.history.queue.clone().or_else(|| self.key.map(entry))
    }
}
