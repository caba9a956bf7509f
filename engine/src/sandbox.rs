//! What an instance may touch: nothing but its own memory, within bounds.
//!
//! The WASI interfaces on the allow-list are there because language runtimes import them, not because a policy may use
//! them: the clock stands still, randomness is constant, the environment is empty, what is written goes nowhere.

use std::time::Duration;

use wasmtime::{ResourceLimiter, Store, UpdateDeadline, component::Linker};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    random::Deterministic,
};

use crate::options::Limits;

/// Interfaces that a policy may import, without their versions. A `/` at the end allows a whole package.
const ALLOWED_IMPORTS: &[&str] = &["wasi:cli/", "wasi:clocks/", "wasi:io/", "wasi:random/"];

/// How often the epoch of an engine advances.
pub(crate) const TICK: Duration = Duration::from_millis(2);

const TABLE_ELEMENTS: usize = 20_000;

/// True when a policy may import the interface `name`, such as `wasi:io/streams@0.2.6`.
pub(crate) fn may_import(name: &str) -> bool {
    let interface = name.split('@').next().unwrap_or(name);
    ALLOWED_IMPORTS.iter().any(|allowed| interface.starts_with(allowed))
}

/// Links what the allow-list names.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<Sandbox>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    Ok(linker)
}

/// The state behind one instance.
pub(crate) struct Sandbox {
    wasi: Option<WasiCtx>,
    table: ResourceTable,
    memory_cap: usize,
    memory_refused: bool,
    memory_in_use: usize,
    ticks_left: u64,
}

impl Sandbox {
    /// A store whose instance yields at every tick and is stopped when its time is used up.
    pub(crate) fn store(engine: &wasmtime::Engine, limits: &Limits) -> Store<Self> {
        let mut store = Store::new(
            engine,
            Self {
                wasi: None,
                table: ResourceTable::new(),
                memory_cap: limits.memory_bytes,
                memory_refused: false,
                memory_in_use: 0,
                ticks_left: 0,
            },
        );
        store.limiter(|sandbox| sandbox);
        store.set_hostcall_fuel(limits.output_bytes);
        store.epoch_deadline_callback(|mut cx| {
            let sandbox = cx.data_mut();
            Ok(match sandbox.ticks_left.checked_sub(1) {
                Some(left) => {
                    sandbox.ticks_left = left;
                    UpdateDeadline::Yield(1)
                }
                None => UpdateDeadline::Interrupt,
            })
        });
        store
    }

    /// Gives the next call its time and its memory. Ticks count only while the call runs, since each one ends in a yield.
    pub(crate) fn arm(store: &mut Store<Self>, deadline: Duration, memory_cap: usize) {
        store.data_mut().memory_cap = memory_cap;
        let ticks = deadline.as_millis().div_ceil(TICK.as_millis());
        store.data_mut().ticks_left = u64::try_from(ticks).unwrap_or(u64::MAX);
        store.set_epoch_deadline(1);
    }

    pub(crate) fn memory_refused(&self) -> bool {
        self.memory_refused
    }

    pub(crate) fn memory_in_use(&self) -> usize {
        self.memory_in_use
    }
}

impl ResourceLimiter for Sandbox {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_in_use.saturating_add(desired - current);
        let granted = total <= self.memory_cap;
        if granted {
            self.memory_in_use = total;
        } else {
            self.memory_refused = true;
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= TABLE_ELEMENTS;
        self.memory_refused |= !granted;
        Ok(granted)
    }
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Made on first use: most calls never need it, and a fresh instance is made for every event.
        let ctx = self.wasi.get_or_insert_with(|| {
            WasiCtxBuilder::new()
                .wall_clock(StoppedClock)
                .monotonic_clock(StoppedClock)
                .secure_random(Deterministic::new(vec![0]))
                .insecure_random(Deterministic::new(vec![0]))
                .insecure_random_seed(0)
                .build()
        });
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
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
    fn files_and_sockets_are_out_of_reach() {
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
    fn what_runtimes_need_is_there() {
        for allowed in [
            "wasi:io/streams@0.2.6",
            "wasi:cli/stderr@0.2.0",
            "wasi:random/insecure-seed",
        ] {
            assert!(may_import(allowed), "{allowed}");
        }
    }
}
