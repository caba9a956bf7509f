//! A delivery in progress: what is known of its event, and how its end is reported. Knows no sink and no store.

use sha2::{Digest as _, Sha256};
use tidegate_engine::Violation;
use tidegate_model::{
    dead_letter::Names,
    delivery::{Delivery, QueueEntry},
    disposition::{DeadLetterReason, Disposition},
    scheduled_retry::Failure,
};
use tidegate_policies::{decision::Usable, revisions::Revision};

use crate::ack::Report;

/// A delivery in progress, with the revision that it began with and what the policy decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) revision: &'a Revision,
    pub(super) delivery: &'a Delivery,
    /// `None`: the policy has made no usable decision, or is not asked.
    pub(super) decision: Option<&'a Usable>,
}

impl<'a> Run<'a> {
    pub(super) fn new(revision: &'a Revision, delivery: &'a Delivery) -> Self {
        Self {
            revision,
            delivery,
            decision: None,
        }
    }

    pub(super) fn with(self, decision: &'a Usable) -> Self {
        Self {
            decision: Some(decision),
            ..self
        }
    }

    /// Id of the event, where it is known.
    pub(super) fn event_id(&self) -> Option<&'a str> {
        self.decision?.event_id.as_deref()
    }

    /// What the event is claimed by.
    pub(super) fn claim(&self) -> Option<&'a str> {
        self.decision?.claim.as_deref()
    }

    /// Hash of the event, by which a duplicate is told from another event under the same claim: of what it says and, where attributes
    /// state them, of its type, its version and its key. A sidecar gives an event that is sent twice other attributes besides.
    pub(super) fn digest(&self) -> String {
        let content = self.delivery.content_digest();
        match self.decision {
            Some(decision) if !self.delivery.attributes.is_empty() => {
                let names = [&decision.event_type, &decision.event_version, &decision.key];
                hex::encode(Sha256::digest(format!("{content}{names:?}")))
            }
            _ => content,
        }
    }

    /// Partition key of the event.
    fn key(&self) -> Option<&'a str> {
        self.decision?.key.as_deref()
    }

    pub(super) fn report(&self, disposition: Disposition, reason: &str) -> Report {
        Report {
            disposition,
            reason: reason.to_owned(),
            event_id: self.event_id().map(str::to_owned),
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
            path: self.revision.policy.catalog().envelope.id.clone().unwrap_or_default(),
            message: "another event with this id was processed before; ids must not be used twice".to_owned(),
            rule: None,
            version: None,
        };
        self.rejected(format!("{}: {}", violation.code, violation.message), vec![violation])
    }

    pub(super) fn rejected(&self, error: String, violations: Vec<Violation>) -> Failure {
        Failure {
            reason: DeadLetterReason::Rejected,
            error,
            violations,
            names: self.names(),
            attempts: 0,
            decided_by: self.revision.id().clone(),
        }
    }

    /// The names of the event as the policy has read them; without a decision, from the places that it names.
    pub(super) fn names(&self) -> Names {
        let Some(decision) = self.decision else {
            let catalog = self.revision.policy.catalog();
            return Names::of(&self.delivery.event, &self.delivery.attributes, catalog);
        };
        Names {
            id: decision.event_id.clone(),
            event_type: decision.event_type.clone(),
            key: decision.key.clone(),
        }
    }

    /// The entry in the queue of its key that it has, or would have.
    pub(super) fn queue_entry(&self) -> Option<QueueEntry> {
        let entry = |key: &str| QueueEntry {
            key: key.to_owned(),
            event: self.delivery.identity(),
        };
        self.delivery.history.queue.clone().or_else(|| self.key().map(entry))
    }
}
