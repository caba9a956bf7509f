//! The configuration of a gate: one YAML file, overrides from the environment, and one report of all problems.
//!
//! [`File`] is what people write. [`Config`] is what the gate uses; it exists only when everything in it is valid.

mod build;
mod channels;
mod env;
mod file;
mod policy;
mod problem;
mod read;
mod retries;
mod subscriptions;
mod valid;

pub use self::{
    build::default_cache_dir,
    env::{Environment, TIDEGATE_ADMIN, TIDEGATE_CONFIG, TIDEGATE_DATA, TIDEGATE_LOG, TIDEGATE_POLICY, TIDEGATE_URL},
    file::{BackendKind, File, Isolation},
    policy::Policy,
    problem::{ConfigError, Problem},
    read::{json_schema, read},
    valid::{Backend, Config, RetryTopics, Sink},
};
