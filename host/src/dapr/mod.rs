//! The Dapr backend: everything through the sidecar's HTTP API. Only this module and its children know its URLs and
//! the JSON that it takes; what it asks the gate is in `http/`. The facts it builds on are verified against a real daprd in `tests/harness/tests/dapr_facts/`.

mod carried;
mod invoke;
mod jobs;
mod publisher;
mod retry_topics;
mod sidecar;
mod state;
mod subscriptions;
mod unwrap;

pub use retry_topics::RetryTopics;
pub use sidecar::Sidecar;
pub use subscriptions::{subscriptions, tier_route};
pub use unwrap::{Unwrapped, unwrap};
