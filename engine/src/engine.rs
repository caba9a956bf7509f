//! The engine: one configured wasmtime with its clock, from which policies are loaded.

use std::{fmt, io, path::PathBuf, sync::Arc};

use wasmtime::{Config, Enabled, EngineWeak, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::{
    cache::Cache,
    carried,
    digest::Digest,
    functions::Functions,
    instance::Concurrency,
    load::Effort,
    load_error::LoadError,
    malloc,
    options::Options,
    policy::Policy,
    prebuilt::{self, Prebuilt},
    sandbox::{CORE_INSTANCES, MEMORIES, PROOF_MEMORY, TABLES},
    shared::Shared,
    ticker::Ticker,
    wasi,
};

/// Loads policies and runs them within the limits of its [`Options`]. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    cache_error: Option<Arc<CacheError>>,
}

/// Why an engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// wasmtime refuses the options on this machine.
    #[error(
        "the WebAssembly engine does not start; is `limits.memory` or the number of concurrent calls too large for this machine?"
    )]
    Config(#[source] wasmtime::Error),
    /// The thread of the clock could not be started.
    #[error("the engine's clock does not start")]
    Clock(#[source] io::Error),
}

/// The cache directory cannot be used; policies are compiled at each load.
#[derive(Debug, thiserror::Error)]
#[error("the cache directory {} cannot be used; policies are compiled at each load", path.display())]
pub struct CacheError {
    /// The directory.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl Engine {
    /// Makes an engine. When the cache directory cannot be used, the engine works without it: see [`Engine::cache_error`].
    pub fn new(options: Options) -> Result<Self, EngineError> {
        malloc::map_large_allocations();
        let functions = Arc::new(Functions::default());
        let make =
            |mut config: Config| wasmtime::Engine::new(config.enable_incremental_compilation(functions.clone())?);
        let engine = make(call_config(&options)).map_err(EngineError::Config)?;
        let prepare_engine = make(prepare_config()).map_err(EngineError::Config)?;
        let linker = wasi::linker(&engine).map_err(EngineError::Config)?;
        let (cache, cache_error) = match options.cache_dir.as_deref().map(Cache::open) {
            None => (None, None),
            Some(Ok(cache)) => (Some(cache), None),
            Some(Err(source)) => {
                let path = options.cache_dir.clone().unwrap_or_default();
                (None, Some(CacheError { path, source }))
            }
        };
        if let Some(CacheError { path, source }) = &cache_error {
            tracing::warn!(directory = %path.display(), error = %source, "the cache directory cannot be used; policies are compiled at each load");
        }
        let ticker = Ticker::start({
            let engines = [engine.weak(), prepare_engine.weak()];
            move || {
                let alive = engines.iter().filter_map(EngineWeak::upgrade);
                alive.for_each(|engine| engine.increment_epoch());
            }
        });
        let concurrency = Concurrency::new(options.max_concurrent_calls, ticker.map_err(EngineError::Clock)?);
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                prepare_engine,
                linker,
                cache,
                functions,
                options,
                concurrency,
            }),
            cache_error: cache_error.map(Arc::new),
        })
    }

    /// Why the cache directory is not used although the options name one.
    pub fn cache_error(&self) -> Option<&CacheError> {
        self.cache_error.as_deref()
    }

    /// Loads a policy from the bytes of its component. Takes seconds when it has to be compiled, milliseconds when it
    /// is in the cache; the work is done on a thread of its own. Must be called within a tokio runtime.
    pub async fn load(&self, bytes: &[u8]) -> Result<Policy, LoadError> {
        self.shared.clone().load(bytes, Effort::Full).await
    }

    /// Loads the code of policies that are made of data: a component that exports `configure` beside the contract. Where `carried`
    /// fits, nothing is compiled. Else it is compiled the first time, and taken from the cache later.
    ///
    /// # Safety
    /// `carried` is empty, or what [`precompile`] has made: it is native code, which is run.
    #[allow(unsafe_code)]
    pub async unsafe fn load_prebuilt(&self, bytes: &[u8], carried: &'static [u8]) -> Result<Prebuilt, LoadError> {
        Prebuilt::load(self.shared.clone(), bytes, carried).await
    }

    /// Loads a policy while others run: on one thread of low priority. Takes longer when the policy has to be compiled.
    pub async fn load_in_background(&self, bytes: &[u8]) -> Result<Policy, LoadError> {
        self.shared.clone().load(bytes, Effort::Background).await
    }
}

/// Compiles a prebuilt component when a program is built that will carry the code: see [`Engine::load_prebuilt`]. It runs on every
/// machine of this architecture.
pub fn precompile(bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
    let digest = prebuilt::code_digest(&Digest::of(bytes));
    carried::make(call_config(&Options::default()), bytes, &digest).map_err(|source| LoadError::Compile { source })
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

/// What both engines have in common: the same answers on every machine.
fn deterministic() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // Backtraces are not shown, so no address map is made and kept.
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None);
    config
}

/// All that a 32-bit memory can address.
const ADDRESSES: usize = 4 << 30;

/// Memory slots beyond those of all calls: while a policy is dropped, wasmtime takes free slots one by one to clear them.
const SPARE: u32 = 8;

/// For fast calls: slots for instances are reserved in advance, and a reset writes back only the pages that were touched.
fn call_config(options: &Options) -> Config {
    let slots = options.max_concurrent_calls;
    // A slot has these addresses anyway. What an instance may take is up to its store.
    let memory = options.limits.memory_bytes.clamp(PROOF_MEMORY, ADDRESSES);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots.saturating_mul(MEMORIES).saturating_add(SPARE))
        .total_tables(slots.saturating_mul(TABLES))
        .total_stacks(slots)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(memory)
        .max_unused_warm_slots(slots)
        .linear_memory_keep_resident(4 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = deterministic();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        // Each slot reserves the whole 32-bit address space: this takes addresses, not memory, and saves bounds checks.
        .memory_reservation(ADDRESSES as u64)
        .memory_reservation_for_growth(0);
    config
}

/// For fast compilation: its code runs `prepare` once.
fn prepare_config() -> Config {
    let mut config = deterministic();
    config.cranelift_opt_level(OptLevel::None);
    config
}
