//! Builds the backend of the configuration: an implementation for each trait of the pipeline.

use std::{collections::BTreeMap, fs::File, sync::Arc};

use tidegate_dapr::{AppPublisher, RetryTopics, Sidecar, SidecarStatus, TopicPublisher};
use tidegate_http::sink::{self, UrlPublisher};
use tidegate_model::{
    backend::{BackendStatus, Publisher, Scheduler, StateStore},
    backend_error::BackendError,
    subscription::Topic,
};
use tidegate_sqlite::{self as sqlite, Db};

use crate::{
    GateError,
    config::{Backend, Config, Sink},
};

/// The parts of a backend.
pub(crate) struct Wiring {
    pub(crate) channels: BTreeMap<String, Arc<dyn Publisher>>,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) scheduler: Arc<dyn Scheduler>,
    pub(crate) status: Arc<dyn BackendStatus>,
    pub(crate) sidecar: Option<Sidecar>,
    pub(crate) retry_topics: Option<RetryTopics>,
    /// The data file, when the gate consumes topics of it.
    pub(crate) db: Option<Db>,
    /// The lock on the data file, as long as it is open.
    pub(crate) owner: Option<File>,
}

impl Wiring {
    /// Opens the data file, or creates the client of the sidecar.
    pub(crate) fn new(config: &Config) -> Result<Self, GateError> {
        match &config.backend {
            Backend::Sqlite { path } => {
                let owner = sqlite::lock(path)?;
                let db = Db::open(path)?;
                let topic = |topic: &Topic| -> Arc<dyn Publisher> {
                    Arc::new(sqlite::TopicPublisher::new(db.clone(), topic.name.clone()))
                };
                Ok(Self {
                    channels: channels(config, topic, None, Some(&db))?,
                    state: Arc::new(db.clone()),
                    scheduler: Arc::new(db.clone()),
                    status: Arc::new(db.clone()),
                    sidecar: None,
                    retry_topics: None,
                    db: Some(db),
                    owner: Some(owner),
                })
            }
            Backend::Dapr(settings) => {
                let sidecar = Sidecar::new(settings)?;
                let tiers = &config.retry_topics.tiers;
                let retry_topics = (!tiers.is_empty()).then(|| RetryTopics::new(sidecar.clone(), tiers.clone()));
                let scheduler: Arc<dyn Scheduler> = match &retry_topics {
                    Some(topics) if config.retry_topics.schedule => Arc::new(topics.clone()),
                    Some(_) | None => Arc::new(sidecar.clone()),
                };
                let log = config.log.as_deref().map(Db::open_durable).transpose()?;
                let topic = |topic: &Topic| -> Arc<dyn Publisher> {
                    Arc::new(TopicPublisher::new(sidecar.clone(), topic.clone()))
                };
                Ok(Self {
                    channels: channels(config, topic, Some(&sidecar), log.as_ref())?,
                    state: Arc::new(sidecar.clone()),
                    scheduler,
                    status: Arc::new(SidecarStatus::new(sidecar.clone())),
                    sidecar: Some(sidecar),
                    retry_topics,
                    db: None,
                    owner: None,
                })
            }
        }
    }
}

/// The publisher of each channel. The configuration makes sure that there is a sidecar or a data file where one is needed.
fn channels(
    config: &Config,
    topic_publisher: impl Fn(&Topic) -> Arc<dyn Publisher>,
    sidecar: Option<&Sidecar>,
    log: Option<&Db>,
) -> Result<BTreeMap<String, Arc<dyn Publisher>>, GateError> {
    let client = sink::client(config.send_timeout)?;
    let missing = |channel: &str, what: &str| BackendError::refused(format!("wiring the channel {channel:?}"), what);
    let mut channels = BTreeMap::new();
    for (name, sink) in &config.channels {
        let publisher: Arc<dyn Publisher> = match sink {
            Sink::Topic(topic) => topic_publisher(topic),
            Sink::App { app, method } => {
                let sidecar = sidecar.ok_or_else(|| missing(name, "there is no sidecar"))?;
                Arc::new(AppPublisher::new(sidecar.clone(), app.clone(), method.clone()))
            }
            Sink::Url(url) => Arc::new(UrlPublisher::new(client.clone(), url.clone())),
            Sink::Log { topic } => {
                let db = log.ok_or_else(|| missing(name, "there is no data file"))?;
                Arc::new(sqlite::TopicPublisher::new(db.clone(), topic.clone()))
            }
        };
        channels.insert(name.clone(), publisher);
    }
    Ok(channels)
}
