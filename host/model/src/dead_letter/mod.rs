//! Dead letters: building them, and reading them back byte for byte. They need no working policy: what a policy says of them is
//! data in its catalog. Knows not where they are stored.

mod alert;
mod alert_group;
mod build;
mod document;
mod failed;
mod metadata;
mod names;
mod original;
mod read;

pub use tidegate_letter::{BadTemplate, Template};

pub use self::{
    alert_group::{AlertGroup, CountedAlerts, counted_alert},
    build::outputs,
    failed::FailedEvent,
    names::Names,
    read::{DeadLetter, NotADeadLetter},
};
