//! The Dapr backend: everything through the sidecar's HTTP API. Only this module and its children know its URLs and
//! its JSON. The facts it builds on are verified against a real daprd in `tests/harness/tests/dapr_facts/`.

mod cloud_event;
mod publisher;
mod sidecar;
mod state;
mod subscriptions;
mod unwrap;

pub use sidecar::Sidecar;
pub use subscriptions::subscriptions;
pub use unwrap::{Unwrapped, unwrap};
