//! CloudEvents, the envelopes of events: reading and writing them. Knows nothing of what is in an event.

mod delivery;
mod flaw;
mod headers;
mod own;
mod read;
mod structured;
mod write;

pub use self::{
    flaw::Flaw,
    headers::{Escaping, Headers},
    read::{Unwrapped, unwrap},
    write::{envelope, structured},
};
