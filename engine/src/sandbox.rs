//! The limits of an instance: memory, tables, handles, time. What it can see of the system is in `wasi`.

use std::time::Duration;

use wasmtime::{ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

use crate::{options::Limits, said::Said, ticker::TICK, wasi};

/// Memory of an instance in which a bundle is proven: compiled schemas of all its types at once.
pub(crate) const PROOF_MEMORY: usize = 256 << 20;

/// Elements of all tables of an instance together. A policy's table holds its functions: some thousands.
const TABLE_ELEMENTS: usize = 20_000;

/// Core modules that one component may instantiate: the policy and its adapters. A Python interpreter has 38, and the snapshot
/// adds one.
pub(crate) const CORE_INSTANCES: u32 = 48;
/// Tables that one component may have.
pub(crate) const TABLES: u32 = 4;
pub(crate) const MEMORIES: u32 = 1;

/// Handles of the host that an instance may hold at the same time, such as its standard error.
const HANDLES: usize = 256;

/// The state behind one instance.
pub(crate) struct Sandbox {
    wasi: Option<WasiCtx>,
    table: ResourceTable,
    memory_cap: usize,
    memory_refused: bool,
    memory_in_use: usize,
    table_elements: usize,
    ticks_left: u64,
}

impl Sandbox {
    /// A store whose instance yields at every tick and is stopped at its deadline.
    pub(crate) fn store(engine: &wasmtime::Engine, limits: &Limits) -> Store<Self> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        let mut store = Store::new(
            engine,
            Self {
                wasi: None,
                table,
                memory_cap: limits.memory_bytes,
                memory_refused: false,
                memory_in_use: 0,
                table_elements: 0,
                ticks_left: 0,
            },
        );
        store.limiter(|sandbox| sandbox);
        store.set_max_component_handles(HANDLES);
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

    /// Keeps what the instance says.
    pub(crate) fn to_prepare(store: &mut Store<Self>) -> Said {
        let said = Said::default();
        store.data_mut().wasi = Some(wasi::to_prepare(said.clone()));
        said
    }

    /// Sets the deadline and the memory limit of the next call. Ticks count only while the call runs, since each ends in a
    /// yield.
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

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired - current);
        let granted = total <= TABLE_ELEMENTS;
        if granted {
            self.table_elements = total;
        } else {
            self.memory_refused = true;
        }
        Ok(granted)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Created at first use: most calls never need it, and every event may get a fresh instance.
        WasiCtxView {
            ctx: self.wasi.get_or_insert_with(wasi::empty),
            table: &mut self.table,
        }
    }
}
