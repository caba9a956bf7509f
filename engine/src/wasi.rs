//! What a policy sees of the system: nothing. Knows no limits of a call.
//!
//! The WASI interfaces on the allow-list are there because language runtimes import them, not because a policy may use
//! them: the clock stands still, a timer is a fault, randomness is constant, the environment is empty, and output is
//! discarded.

use std::time::Duration;

use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiView, p2::DynPollable, random::Deterministic,
};

use crate::said::Said;

/// Interfaces that a policy may import, without their versions. A `/` at the end allows a whole package.
const ALLOWED_IMPORTS: &[&str] = &["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"];

/// The name that `wasmtime-wasi` gives the clock with timers.
const CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.12";

/// Random bytes that a policy may draw at once: enough for seeds. The host allocates them outside the policy's memory limit.
const RANDOM_BYTES: u64 = 4096;

/// A policy tries to wait until some time. Time stands still for it, so it would wait for ever; and a working timer would be
/// a clock.
#[derive(Debug, thiserror::Error)]
#[error("it set a timer; time stands still for a policy")]
pub(crate) struct Waits;

/// True when a policy may import the interface `name`, such as `wasi:io/streams@0.2.6`.
pub(crate) fn may_import(name: &str) -> bool {
    let interface = name.split('@').next().unwrap_or(name);
    ALLOWED_IMPORTS.iter().any(|allowed| interface.starts_with(allowed))
}

/// Links the interfaces of the allow-list.
pub(crate) fn linker<T: WasiView>(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<T>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    linker.allow_shadowing(true);
    for timer in ["subscribe-duration", "subscribe-instant"] {
        linker
            .instance(CLOCK)?
            .func_wrap(timer, |_, (_,): (u64,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
                Err(Waits.into())
            })?;
    }
    linker.allow_shadowing(false);
    Ok(linker)
}

/// A system without files, arguments and environment.
pub(crate) fn empty() -> WasiCtx {
    deterministic().build()
}

/// The same, but what is written on standard error is kept.
pub(crate) fn to_prepare(said: Said) -> WasiCtx {
    deterministic().stderr(said).build()
}

fn deterministic() -> WasiCtxBuilder {
    let mut system = WasiCtxBuilder::new();
    system
        .wall_clock(StoppedClock)
        .monotonic_clock(StoppedClock)
        .secure_random(Deterministic::new(vec![0]))
        .insecure_random(Deterministic::new(vec![0]))
        .insecure_random_seed(0)
        .max_random_size(RANDOM_BYTES);
    system
}

/// A clock that always shows the start of 1970.
struct StoppedClock;

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::may_import;

    #[test]
    fn files_and_sockets_are_not_allowed() {
        for refused in [
            "wasi:filesystem/types@0.2.6",
            "wasi:filesystem/preopens@0.2.6",
            "wasi:sockets/tcp@0.2.6",
            "wasi:http/outgoing-handler@0.2.6",
            "wasi:clis/environment",
            "acme:secrets/read",
        ] {
            assert!(!may_import(refused), "{refused}");
        }
    }

    #[test]
    fn interfaces_that_runtimes_need_are_allowed() {
        for allowed in [
            "wasi:io/streams@0.2.6",
            "wasi:cli/stderr@0.2.0",
            "wasi:random/insecure-seed",
        ] {
            assert!(may_import(allowed), "{allowed}");
        }
    }
}
