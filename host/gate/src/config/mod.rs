//! The configuration of a gate: one YAML file, overrides from the environment, and one report of all problems.
//!
//! [`File`] is what people write. [`Config`] is what the gate uses; it exists only when everything in it is valid.

mod build;
mod channels;
mod checked;
mod env;
mod file;
mod policy;
mod problem;
mod read;
mod retries;
mod subscriptions;

pub use self::{
    checked::{Backend, Config, Policy, RetryTopics, Sink},
    env::{
        APP_API_TOKEN, Environment, TIDEGATE_ADMIN, TIDEGATE_CONFIG, TIDEGATE_DATA, TIDEGATE_LOG, TIDEGATE_POLICY,
        TIDEGATE_URL, default_cache_dir,
    },
    file::{BackendKind, File, Isolation},
    problem::{ConfigError, Problem},
    read::{json_schema, read},
};
