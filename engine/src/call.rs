//! The functions of the contract as calls into an instance. Knows nothing of files and loading.
//!
//! The table below is the one place that pairs a function of `wit/policy.wit` with its Rust types. Loading checks a policy
//! against it once, and a call looks up one export. Checking all of them for each instance, as the world of `bindgen!` does,
//! makes `process` in a fresh instance take 29 µs instead of 25 (least of four runs, `benches/policy_call.rs`).

use std::sync::Arc;

use wasmtime::component::{Component, ComponentExportIndex, ComponentNamedList, Lift, Lower};

use crate::{
    contract::{
        self, Accepted, Attribute, Composed, Context, Decided, Migrated, MigrationFailure, PolicyCatalog, Rejection,
        RetryPlan, Schedule,
    },
    fault::{Fault, FaultKind},
    instance::{Instances, Live},
    load_error::LoadError,
    sandbox::Sandbox,
};

/// Makes the calls of one policy.
pub(crate) struct Caller {
    pub(crate) instances: Arc<Instances>,
    pub(crate) exports: Arc<Exports>,
}

macro_rules! contract_functions {
    ($($interface:literal $wit:literal fn $name:ident($($arg:ident: $ty:ty),*) -> $result:ty;)*) => {
        /// Where a policy exports each function of the contract.
        pub(crate) struct Exports {
            $($name: ComponentExportIndex,)*
        }

        impl Exports {
            /// Finds every function.
            pub(crate) fn find(component: &Component) -> Result<Self, LoadError> {
                Ok(Self { $($name: find(component, $interface, $wit)?,)* })
            }

            /// Checks that every function has the types of the contract.
            pub(crate) fn check_types(&self, live: &mut Live) -> Result<(), LoadError> {
                $(live
                    .instance
                    .get_typed_func::<($($ty,)*), ($result,)>(&mut live.store, &self.$name)
                    .map_err(|source| LoadError::MistypedExport { name: qualified($interface, $wit), source })?;)*
                Ok(())
            }
        }

        impl Caller {
            $(pub(crate) async fn $name(&self, $($arg: $ty),*) -> Result<$result, Fault> {
                self.call($wit, &self.exports.$name, ($($arg,)*)).await
            })*
        }
    };
}

contract_functions! {
    "validation" "validate" fn call_validate(event: &str, attributes: &[Attribute]) -> Result<Accepted, Rejection>;
    "validation" "catalog" fn call_catalog() -> PolicyCatalog;
    "migration" "migrate" fn call_migrate(event: &str, attributes: &[Attribute], to_version: &str) -> Result<Migrated, MigrationFailure>;
    "retry" "schedule-for" fn call_schedule_for(event_type: &str) -> Schedule;
    "retry" "next-attempt" fn call_next_attempt(event_type: &str, attempt: u32) -> RetryPlan;
    "gate" "process" fn call_process(event: &str, attributes: &[Attribute], context: &Context) -> Decided;
    "gate" "compose" fn call_compose(event: &str, attributes: &[Attribute], id: &str, now: &str) -> Result<Composed, Rejection>;
    "json" "validate" fn call_json_validate(event: &str, attributes: &str) -> String;
    "json" "migrate" fn call_json_migrate(request: &str, attributes: &str) -> String;
    "json" "next-attempt" fn call_json_next_attempt(request: &str) -> String;
    "json" "process" fn call_json_process(request: &str, attributes: &str) -> String;
    "json" "catalog" fn call_json_catalog() -> String;
}

fn qualified(interface: &str, function: &str) -> String {
    format!("{}#{function}", contract::export(interface))
}

fn find(component: &Component, interface: &str, function: &str) -> Result<ComponentExportIndex, LoadError> {
    let instance = component.get_export_index(None, &*contract::export(interface));
    instance
        .and_then(|instance| component.get_export_index(Some(&instance), function))
        .ok_or_else(|| LoadError::MissingExport {
            name: qualified(interface, function),
        })
}

impl Caller {
    async fn call<P, R>(&self, function: &'static str, export: &ComponentExportIndex, params: P) -> Result<R, Fault>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: Lift + Send + Sync + 'static,
    {
        let permit = self.instances.permit().await;
        let mut live = self
            .instances
            .take(&permit)
            .await
            .map_err(|error| Fault::new(FaultKind::Instantiate, function, error))?;
        let typed = live
            .instance
            .get_typed_func::<P, (R,)>(&mut live.store, export)
            .map_err(|error| Fault::new(FaultKind::Instantiate, function, error))?;
        let limits = self.instances.limits();
        Sandbox::arm(&mut live.store, limits.deadline, limits.memory_bytes);
        let call = typed.call_async(&mut live.store, params);
        match tokio::time::timeout(limits.wall_clock(), call).await {
            Err(_) => Err(Fault::waited(function)),
            Ok(Ok((answer,))) => {
                self.instances.give_back(live);
                Ok(answer)
            }
            Ok(Err(error)) => {
                let memory_refused = live.store.data().memory_refused();
                Err(Fault::of_call(function, error, memory_refused))
            }
        }
    }
}
