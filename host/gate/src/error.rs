//! Why a gate does not start, or had to stop.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use tidegate_engine::EngineError;
use tidegate_model::backend_error::BackendError;
use tidegate_policies::admission::Refusal;
use tidegate_sqlite::SqliteError;

/// Why a gate does not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A socket cannot be bound.
    #[error("cannot listen on {address}; does another program use it? Set `{key}` to another address")]
    Listen {
        /// The key of the configuration that names it.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The engine does not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The policy is refused.
    #[error("the policy {} is refused", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Refusal,
    },
    /// The data file does not work.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// The sidecar's client does not work.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The thread of the shadow policy does not start.
    #[error("the shadow policy's thread does not start")]
    Shadow(#[source] io::Error),
    /// Deliveries in flight did not finish in time.
    #[error("stopped with deliveries in flight after {0:?}; they were not acknowledged and will be redelivered")]
    NotDrained(Duration),
}
