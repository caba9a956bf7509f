//! Makes a policy that can be called from the bytes of a file: inspect, snapshot after `prepare`, compile, check. Knows no
//! events.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::Notify};
use wasmtime::{Trap, component::Component};
use wasmtime_wasi::I32Exit;
use wasmtime_wizer::Wizer;

use crate::{
    call::{Caller, Exports},
    carried, contract,
    digest::Digest,
    embed,
    inspect::Shape,
    instance::{CONFIGURE_DEADLINE, Configuration, Instances, NoMemory, NotConfigured},
    load_error::LoadError,
    malloc,
    options::{Isolation, Limits},
    policy::{LoadReport, Policy},
    sandbox::{PROOF_MEMORY, Sandbox},
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
        let shape = contract_shape(bytes)?;
        let digest = Digest::of(bytes);
        let mut report = LoadReport::new(shape.imports, shape.exports, bytes.len());

        let started = Instant::now();
        let code = Code::Policy(bytes.to_vec());
        let built = self.clone().build(code, digest.clone(), effort).await?;
        report.from_cache = built.is_cached;
        report.other_build = embed::says_embedded(bytes);
        (report.snapshot, report.compile) = (built.snapshot, built.compile);
        report.total = started.elapsed();
        self.policy(&built.component, None, digest, report).await
    }

    /// A policy whose instances are made of this component, and configured where there is a configuration. Nothing that the author of
    /// a bundle can do harms more than the one instance in which the bundle is proven.
    pub(crate) async fn policy(
        &self,
        component: &Component,
        configuration: Option<Configuration>,
        digest: Digest,
        mut report: LoadReport,
    ) -> Result<Policy, LoadError> {
        let exports = Exports::find(component)?;
        let pre = self
            .linker
            .instantiate_pre(component)
            .map_err(|source| LoadError::Compile { source })?;
        let isolation = match configuration {
            // Its code is the host's own.
            Some(_) => Isolation::Reuse,
            None => self.options.isolation,
        };
        let concurrency = self.concurrency.clone();
        let limits = self.options.limits;
        let proof = configuration.as_ref().map(|configuration| {
            let whole = Configuration {
                is_proven: false,
                ..configuration.clone()
            };
            let limits = Limits {
                memory_bytes: PROOF_MEMORY,
                ..limits
            };
            Instances::new(pre.clone(), limits, isolation, Some(whole), concurrency.clone())
        });
        let instances = Instances::new(pre, limits, isolation, configuration, concurrency);
        for instances in proof.iter().chain([&instances]) {
            let limit = instances.limits().memory_bytes;
            let permit = instances.permit().await;
            let mut live = instances.take(&permit).await.map_err(|error| not_made(error, limit))?;
            exports.check_types(&mut live)?;
            report.instance_bytes = live.store.data().memory_in_use();
            instances.give_back(live);
        }

        let exports = Arc::new(exports);
        let caller = |instances| Caller {
            instances,
            exports: exports.clone(),
        };
        let (caller, proof) = (caller(instances), proof.map(caller));
        let catalog = proof.as_ref().unwrap_or(&caller).call_catalog().await?;
        Ok(Policy {
            caller,
            proof: Mutex::new(proof),
            digest,
            catalog,
            report,
        })
    }

    /// Takes compiled code from the cache, or compiles it and stores the result. Runs on its own thread.
    pub(crate) async fn build(self: Arc<Self>, code: Code, digest: Digest, effort: Effort) -> Result<Built, LoadError> {
        let runtime = tokio::runtime::Handle::current();
        let built = tokio::task::spawn_blocking(move || {
            let find_or_compile = || {
                let cached = || self.cache.as_ref().and_then(|cache| cache.get(&self.engine, &digest));
                match self.carried(&code, &digest).or_else(cached) {
                    Some(component) => Ok(Built {
                        component,
                        is_cached: true,
                        snapshot: None,
                        compile: None,
                    }),
                    None => self.compile(&runtime, &code, &digest),
                }
            };
            let built = match effort {
                Effort::Full => find_or_compile(),
                // wasmtime compiles on the rayon pool in which it is called.
                Effort::Background => background()
                    .map_err(|error| LoadError::Compile { source: error.into() })?
                    .install(find_or_compile),
            };
            drop(code);
            malloc::trim();
            built
        });
        built.await.map_err(|error| LoadError::Panicked(error.to_string()))?
    }

    fn carried(&self, code: &Code, digest: &Digest) -> Option<Component> {
        let Code::Prebuilt { carried, .. } = code else {
            return None;
        };
        // SAFETY: the caller of `load_prebuilt` says where the code is from.
        #[allow(unsafe_code)]
        unsafe {
            carried::open(&self.engine, carried, digest)
        }
    }

    fn compile(&self, runtime: &Handle, code: &Code, digest: &Digest) -> Result<Built, LoadError> {
        let mut started = Instant::now();
        let mut snapshot = None;
        let cache = self.cache.as_ref();
        let _functions = cache.map(|cache| self.functions.hold(cache, &self.engine));
        let component = match code {
            Code::Policy(bytes) => {
                let prepared = runtime.block_on(self.snapshot(bytes))?;
                snapshot = Some(started.elapsed());
                started = Instant::now();
                Component::new(&self.engine, &prepared)
            }
            Code::Prebuilt { bytes, .. } => Component::new(&self.engine, bytes),
        };
        let component = component.map_err(|source| LoadError::Compile { source })?;
        let compile = Some(started.elapsed());

        if let Some(cache) = cache {
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
            is_cached: false,
            snapshot,
            compile,
        })
    }

    /// Runs `prepare`, and returns the component with the memory that it leaves.
    async fn snapshot(&self, bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
        let _ticking = self.concurrency.ticking();
        let limits = Limits {
            output_bytes: usize::MAX,
            ..self.options.limits
        };
        let mut store = Sandbox::store(&self.prepare_engine, &limits);
        Sandbox::arm(&mut store, PREPARE_DEADLINE, limits.memory_bytes);
        let said = Sandbox::to_prepare(&mut store);
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

/// What is compiled.
pub(crate) enum Code {
    /// A policy: it is prepared, and the snapshot is compiled.
    Policy(Vec<u8>),
    /// A prebuilt component, whose instances are configured: it is compiled as it is, unless the program carries its code.
    Prebuilt { bytes: Vec<u8>, carried: &'static [u8] },
}

/// A component that can be run.
pub(crate) struct Built {
    pub(crate) component: Component,
    /// Whether its code was in the cache, or the program carries it.
    pub(crate) is_cached: bool,
    /// Time for the snapshot, when one was made.
    pub(crate) snapshot: Option<Duration>,
    /// Time for compiling, when it was compiled.
    pub(crate) compile: Option<Duration>,
}

/// Why the first instance of a policy could not be made, which may have so many bytes of memory.
fn not_made(source: wasmtime::Error, memory: usize) -> LoadError {
    if source.is::<NoMemory>() {
        return LoadError::PrepareMemory { mib: memory >> 20 };
    }
    if source.downcast_ref() == Some(&Trap::Interrupt) {
        return LoadError::PrepareTimeout {
            seconds: CONFIGURE_DEADLINE.as_secs(),
        };
    }
    match source.downcast::<NotConfigured>() {
        Ok(NotConfigured(said)) => LoadError::Refused { said },
        Err(source) => LoadError::Instantiate { source },
    }
}

/// What a component imports and exports, which must be what the contract asks for.
pub(crate) fn contract_shape(bytes: &[u8]) -> Result<Shape, LoadError> {
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
    Ok(shape)
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
