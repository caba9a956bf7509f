//! Makes a policy that can be called from the bytes of a file: inspect, snapshot after `prepare`, compile, check. Knows no
//! events.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::Notify};
use wasmtime::{Trap, component::Component};
use wasmtime_wasi::I32Exit;
use wasmtime_wizer::Wizer;

use crate::{
    call::{Caller, Exports},
    contract,
    digest::Digest,
    inspect::Shape,
    instance::Instances,
    load_error::LoadError,
    malloc,
    options::Limits,
    policy::{LoadReport, Policy},
    sandbox::Sandbox,
    shared::Shared,
    wasi,
};

/// Time that `prepare` may take: it runs once, before any event.
const PREPARE_DEADLINE: Duration = Duration::from_secs(10);

/// The niceness of a load in the background: on a busy machine it still gets a tenth of a core.
const NICE: i32 = 10;

/// How many resources a load may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// All cores: the caller waits for it.
    Full,
    /// One thread of low priority.
    Background,
}

impl Shared {
    pub(crate) async fn load(self: Arc<Self>, bytes: &[u8], effort: Effort) -> Result<Policy, LoadError> {
        let shape = Shape::of(bytes)?;
        for name in required_exports() {
            if !shape.exports.contains(&name) {
                return Err(match shape.other_contract(&name) {
                    Some(found) => LoadError::IncompatibleContract {
                        found: found.to_owned(),
                        speaks: contract::VERSION,
                    },
                    None => LoadError::MissingExport { name },
                });
            }
        }
        let digest = Digest::of(bytes);
        let mut report = LoadReport::new(shape.imports, shape.exports, bytes.len());

        let started = Instant::now();
        let built = self.clone().build(bytes.to_vec(), digest.clone(), effort).await?;
        report.from_cache = built.took.is_none();
        (report.snapshot, report.compile) = built.took.unzip();
        report.total = started.elapsed();
        let component = built.component;

        let exports = Exports::find(&component)?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|source| LoadError::Compile { source })?;
        let concurrency = self.concurrency.clone();
        let instances = Instances::new(pre, self.options.limits, self.options.isolation, concurrency);
        let permit = instances.permit().await;
        let taken = instances.take(&permit).await;
        let mut live = taken.map_err(|source| LoadError::Compile { source })?;
        exports.check_types(&mut live)?;
        drop((live, permit));

        let caller = Caller { instances, exports };
        let catalog = caller.call_catalog().await?;
        Ok(Policy {
            caller,
            digest,
            catalog,
            report,
        })
    }

    /// Takes the compiled policy from the cache, or snapshots and compiles it and stores the result. Runs on its own thread.
    async fn build(self: Arc<Self>, bytes: Vec<u8>, digest: Digest, effort: Effort) -> Result<Built, LoadError> {
        let runtime = tokio::runtime::Handle::current();
        let built = tokio::task::spawn_blocking(move || {
            let find_or_compile = || {
                let cached = self.cache.as_ref().and_then(|cache| cache.get(&self.engine, &digest));
                match cached {
                    Some(component) => Ok(Built { component, took: None }),
                    None => self.compile(&runtime, &bytes, &digest),
                }
            };
            let built = match effort {
                Effort::Full => find_or_compile(),
                // wasmtime compiles on the rayon pool in which it is called.
                Effort::Background => background()
                    .map_err(|error| LoadError::Compile { source: error.into() })?
                    .install(find_or_compile),
            };
            drop(bytes);
            malloc::trim();
            built
        });
        built.await.map_err(|error| LoadError::Panicked(error.to_string()))?
    }

    fn compile(&self, runtime: &Handle, bytes: &[u8], digest: &Digest) -> Result<Built, LoadError> {
        let started = Instant::now();
        let snapshot = runtime.block_on(self.snapshot(bytes, &[]))?;
        let snapshot_took = started.elapsed();

        let started = Instant::now();
        let component = Component::new(&self.engine, &snapshot).map_err(|source| LoadError::Compile { source })?;
        let compile_took = started.elapsed();

        if let Some(cache) = &self.cache {
            let stored = component
                .serialize()
                .map_err(std::io::Error::other)
                .and_then(|code| cache.put(&self.engine, digest, &code));
            if let Err(error) = stored {
                tracing::warn!(%error, "the compiled policy could not be stored in the cache; the next start compiles it again");
            }
        }
        Ok(Built {
            component,
            took: Some((snapshot_took, compile_took)),
        })
    }

    /// Runs `prepare` with these environment variables, and returns the component with the memory that it leaves.
    pub(crate) async fn snapshot(&self, bytes: &[u8], environment: &[(&str, &str)]) -> Result<Vec<u8>, LoadError> {
        let _ticking = self.concurrency.ticking();
        let limits = Limits {
            output_bytes: usize::MAX,
            ..self.options.limits
        };
        let mut store = Sandbox::store(&self.prepare_engine, &limits);
        Sandbox::arm(&mut store, PREPARE_DEADLINE, limits.memory_bytes);
        let said = Sandbox::to_prepare(&mut store, environment);
        let failed = |source: wasmtime::Error| match said.text() {
            _ if source.downcast_ref() == Some(&Trap::Interrupt) => LoadError::PrepareTimeout {
                seconds: PREPARE_DEADLINE.as_secs(),
            },
            said if !said.is_empty() && ended_itself(&source) => LoadError::Refused { said },
            _ => LoadError::Prepare { source },
        };
        let linker = wasi::linker(&self.prepare_engine).map_err(failed)?;
        // The time of compiling does not count as time of `prepare`.
        let started = Notify::new();
        let mut wizer = Wizer::new();
        wizer.init_func("prepare").keep_init_func(true);
        let prepared = wizer.run_component(&mut store, bytes, async |store, component| {
            started.notify_one();
            linker.instantiate_async(store, component).await
        });
        let waited = async {
            started.notified().await;
            tokio::time::sleep(PREPARE_DEADLINE * 3).await;
        };
        tokio::select! {
            biased;
            prepared = prepared => Ok(prepared.map_err(failed)?.0),
            () = waited => Err(failed(wasmtime::Error::msg(
                "it waited for something instead of coming to an end",
            ))),
        }
    }
}

/// Whether a policy has ended its call itself, and not run out of something.
fn ended_itself(error: &wasmtime::Error) -> bool {
    error.is::<I32Exit>() || error.downcast_ref::<Trap>() == Some(&Trap::UnreachableCodeReached)
}

/// A component that can be run.
struct Built {
    component: Component,
    /// Time for the snapshot and for compiling; `None`: it came from the cache.
    took: Option<(Duration, Duration)>,
}

/// A pool of one thread with low priority. It ends with the load.
fn background() -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    let lower_priority = |_| {
        // On Linux, niceness belongs to the thread and is inherited. Where it cannot be set, the load runs at normal priority.
        let inherited = rustix::process::getpriority_process(None).unwrap_or_default();
        let _ = rustix::process::nice((NICE - inherited).max(0));
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(|_| "tidegate-load".to_owned())
        .start_handler(lower_priority)
        .build()
}

fn required_exports() -> impl Iterator<Item = String> {
    let interfaces = contract::INTERFACES.iter();
    interfaces
        .map(|interface| contract::export(interface))
        .chain(["prepare".to_owned()])
}
