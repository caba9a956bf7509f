//! What all policies of an engine share: the configured wasmtime, the cache and the concurrency limit. Knows no policy.

use std::sync::Arc;

use wasmtime::component::Linker;

use crate::{cache::Cache, functions::Functions, instance::Concurrency, options::Options, sandbox::Sandbox};

/// What all policies of an engine share.
pub(crate) struct Shared {
    /// Runs the calls.
    pub(crate) engine: wasmtime::Engine,
    /// Runs `prepare`.
    pub(crate) prepare_engine: wasmtime::Engine,
    pub(crate) linker: Linker<Sandbox>,
    pub(crate) cache: Option<Cache>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) options: Options,
    pub(crate) concurrency: Arc<Concurrency>,
}
