//! The backend, built as the configuration says: which of its parts stands for which need of the gate.

use std::{fs::File, sync::Arc};

use crate::{
    backend::{Publisher, StateStore, Scheduler},
    config::{Backend, Config},
    dapr::{RetryTopics, Sidecar},
    gate::GateError,
    local::{self, Db},
};

/// The parts of a backend.
pub(crate) struct Wiring {
    pub(crate) publisher: Arc<dyn Publisher>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) scheduler: Arc<dyn Scheduler>,
    pub(crate) sidecar: Option<Sidecar>,
    pub(crate) retry_topics: Option<RetryTopics>,
    pub(crate) db: Option<Db>,
    /// Makes the data file this gate's own, as long as it is open.
    pub(crate) owner: Option<File>,
    /// The data file, where it is opened for channels alone.
    pub(crate) log: Option<Db>,
}

impl Wiring {
    /// Opens the data file, or prepares the client of the sidecar.
    pub(crate) fn new(config: &Config) -> Result<Self, GateError> {
        let dapr = match &config.backend {
            Backend::Sqlite { path } => {
                let owner = local::own(path)?;
                let db = Db::open(path)?;
                return Ok(Self {
                    publisher: Arc::new(db.clone()),
                    state: Arc::new(db.clone()),
                    scheduler: Arc::new(db.clone()),
                    sidecar: None,
                    retry_topics: None,
                    db: Some(db),
                    owner: Some(owner),
                    log: None,
                });
            }
            Backend::Dapr(dapr) => dapr,
        };
        let sidecar = Sidecar::new(dapr)?;
        let topics = &config.retries.tiers;
        let retry_topics = (!topics.is_empty()).then(|| RetryTopics::new(sidecar.clone(), topics.clone()));
        let scheduler: Arc<dyn Scheduler> = match &retry_topics {
            Some(topics) if config.retries.in_topics => Arc::new(topics.clone()),
            Some(_) | None => Arc::new(sidecar.clone()),
        };
        Ok(Self {
            publisher: Arc::new(sidecar.clone()),
            state: Arc::new(sidecar.clone()),
            scheduler,
            sidecar: Some(sidecar),
            retry_topics,
            db: None,
            owner: None,
            log: config.log.as_deref().map(Db::open_durable).transpose()?,
        })
    }
}
