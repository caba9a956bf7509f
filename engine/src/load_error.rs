//! Why a file is not a policy that can be run.

use crate::fault::Fault;

/// Why a file is not a policy that can be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not a WebAssembly component.
    #[error("this is not a WebAssembly component: {reason}")]
    NotAComponent {
        /// What it seems to be instead.
        reason: String,
    },
    /// It wants something that no policy may have.
    #[error(
        "the policy imports {name}, which no policy may: only wasi:cli, clocks, io and random are there, and they do nothing"
    )]
    ForbiddenImport {
        /// The import.
        name: String,
    },
    /// It speaks another version of the contract.
    #[error(
        "the policy speaks version {found} of the contract tidegate:policy, and this host speaks {speaks}: build the policy with the `wit/` of this host, or run a host for {found}"
    )]
    IncompatibleContract {
        /// The version that it speaks.
        found: String,
        /// The version that this host speaks.
        speaks: &'static str,
    },
    /// It lacks a function of the contract.
    #[error("the policy does not export {name}")]
    MissingExport {
        /// The function that is missing.
        name: String,
    },
    /// It has a function of the contract with other types.
    #[error("the policy exports {name} with types that are not the contract's")]
    MistypedExport {
        /// The function.
        name: String,
        /// Where they differ.
        #[source]
        source: wasmtime::Error,
    },
    /// `prepare` failed, and the policy said why.
    #[error("it is no policy: {said}")]
    Refused {
        /// The end of what it wrote on standard error: untrusted text.
        said: String,
    },
    /// `prepare` took too long.
    #[error("the policy could not be prepared within {seconds} s")]
    PrepareTimeout {
        /// The limit.
        seconds: u64,
    },
    /// It needs too much memory.
    #[error("the policy could not be prepared within {mib} MiB of memory")]
    PrepareMemory {
        /// The limit.
        mib: usize,
    },
    /// `prepare` failed.
    #[error("the policy could not be prepared: its `prepare` failed")]
    Prepare {
        /// What happened.
        #[source]
        source: wasmtime::Error,
    },
    /// The snapshot could not be compiled or linked.
    #[error("the policy could not be compiled")]
    Compile {
        /// What happened.
        #[source]
        source: wasmtime::Error,
    },
    /// No instance of it could be made.
    #[error("no instance of the policy could be made")]
    Instantiate {
        /// What happened.
        #[source]
        source: wasmtime::Error,
    },
    /// Its catalog could not be read.
    #[error("the policy loads, but cannot say what it knows")]
    Catalog(#[from] Fault),
    /// The thread that was loading it panicked.
    #[error("loading the policy ended in a panic: {0}")]
    Panicked(String),
}
