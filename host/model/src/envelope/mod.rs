//! The CloudEvents that events travel in, read and written.

mod read;
mod write;

pub use self::{
    read::{Unwrapped, unwrap},
    write::envelope,
};
