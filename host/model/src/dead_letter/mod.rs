//! Dead letters: building them, and reading them back byte for byte. They need no working policy: what a policy says of them is
//! data in its catalog. Knows not where they are stored.

mod alert;
mod build;
mod document;
mod failed;
mod metadata;
mod names;
mod original;
mod read;
mod template;

pub use self::{
    build::outputs,
    failed::FailedEvent,
    names::Names,
    read::{DeadLetter, NotADeadLetter},
    template::{BadTemplate, Template},
};
