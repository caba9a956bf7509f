//! The Dapr backend: everything through the sidecar's HTTP API, and the routes that the sidecar calls.
//!
//! Only this crate knows Dapr's URLs and the JSON that goes there. The facts it builds on are verified against a real daprd
//! in `tests/harness/tests/dapr_facts/`.

mod jobs;
mod large_retry;
mod publish;
mod retry_topics;
pub mod routes;
mod sidecar;
mod state;
mod status;
mod subscriptions;

pub use self::{
    publish::{AppPublisher, TopicPublisher},
    retry_topics::{RetryTopics, Tier},
    sidecar::{Settings, Sidecar},
    status::SidecarStatus,
};
