//! The Dapr backend: everything through the sidecar's HTTP API, and the routes that the sidecar calls.
//!
//! Only this crate knows the URLs of Dapr and the JSON that they take. It relies on facts about daprd that
//! `tests/harness/tests/dapr_facts/` verifies.

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
