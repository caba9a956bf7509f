//! The file of a policy, live or shadow: when it is read, and its bytes. Knows nothing of what is in it.

mod id;
mod place;
mod read;
mod tree;
mod watch;

pub use self::place::Place;
pub(crate) use self::{
    read::{Contents, read},
    watch::{Settled, Watch},
};
