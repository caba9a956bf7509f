//! CloudEvents, the envelopes of events: reading and writing them. Knows nothing of what is in an event.

mod own;
mod read;
mod write;

pub use self::{
    read::{Unwrapped, unwrap},
    write::envelope,
};
