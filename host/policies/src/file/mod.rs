//! The file of a policy, live or shadow: when it is read, and its bytes. Knows nothing of what is in it.

mod id;
mod read;
mod watch;

pub(crate) use self::{
    id::Place,
    read::{Contents, read},
    watch::{Settled, Watch},
};
