//! Makes a delivery of an event that is out of its envelope. Knows no entrance.

use tidegate_engine::Violation;

use super::read::Unwrapped;
use crate::{
    delivery::{Delivery, Source, Unjudged},
    subscription::Tombstones,
};

/// Why a tombstone is dropped or dead-lettered.
const TOMBSTONE: &str = "the record has no value: it is a tombstone";

impl Unwrapped {
    /// A delivery from a producer. When the envelope could not be read, no policy is asked.
    pub fn delivery(self, source: Source, at: String) -> Delivery {
        let unjudged = self.flaw.map(|flaw| Unjudged::Rejected {
            violation: flaw.violation(),
            key: None,
        });
        Delivery {
            attributes: self.attributes,
            traceparent: self.traceparent,
            unjudged,
            ..Delivery::new(self.event, source, at)
        }
    }

    /// What becomes of it if it is a tombstone; `key`: the key of its record.
    pub fn tombstone(&self, then: Tombstones, key: Option<String>) -> Option<Unjudged> {
        let unjudged = match then {
            Tombstones::Drop => Unjudged::Dropped {
                reason: TOMBSTONE.to_owned(),
            },
            Tombstones::DeadLetter => {
                let violation = Violation {
                    code: "tombstone".to_owned(),
                    path: String::new(),
                    message: TOMBSTONE.to_owned(),
                    rule: None,
                    version: None,
                };
                Unjudged::Rejected { violation, key }
            }
        };
        self.is_tombstone.then_some(unjudged)
    }
}
