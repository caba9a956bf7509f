//! A checked configuration: what the gate uses. Knows nothing of how it is written and checked.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use tidegate_dapr::Tier;
use tidegate_http::Limits;
use tidegate_model::{
    secret::Secret,
    subscription::{Subscription, Topic},
};
use tidegate_pipeline::{Retries, claim};
use tidegate_policies::{admission::Pin, revisions::RollbackSettings, shadow};

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the HTTP listener.
    pub listen: SocketAddr,
    /// The backend.
    pub backend: Backend,
    /// The policy and how it is replaced.
    pub policy: Policy,
    /// How policies run.
    pub engine: tidegate_engine::Options,
    /// Where events come from; topics and routes are unique.
    pub subscriptions: Vec<Subscription>,
    /// The sink of each channel; never a topic that is subscribed.
    pub channels: BTreeMap<String, Sink>,
    /// How often and when something is retried.
    pub retries: Retries,
    /// Alerts of a type and a code in this time are one; zero: each dead letter has an alert.
    pub alert_window: Duration,
    /// How long an event waits for an earlier one of its key; `None`: it does not.
    pub order_wait: Option<Duration>,
    /// The retry topics.
    pub retry_topics: RetryTopics,
    /// The SQLite file, when a channel leads to a topic of it.
    pub log: Option<PathBuf>,
    /// Time that one request to a sink may take.
    pub send_timeout: Duration,
    /// The claims, which make sure that an event is processed once.
    pub claims: claim::Settings,
    /// Limits of connections and requests.
    pub http: Limits,
    /// Address of the admin listener, when there is one.
    pub admin: Option<SocketAddr>,
    /// Requests in progress at the same time.
    pub concurrency: usize,
    /// Time for draining when the gate stops.
    pub drain: Duration,
    /// The token that callers must show.
    pub app_api_token: Option<Secret>,
}

/// The policy and how it is replaced.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The file, if one is configured.
    pub path: Option<PathBuf>,
    /// The only policy that may run; `None`: any.
    pub pin: Option<Pin>,
    /// Version of the published events; `None`: that of each type.
    pub target_version: Option<String>,
    /// Whether a changed file replaces the current revision by itself.
    pub is_followed: bool,
    /// Whether a policy is accepted that accepts fewer types or versions than the current one.
    pub allow_dropped: bool,
    /// When the gate rolls back by itself; `None`: never.
    pub rollback: Option<RollbackSettings>,
    /// The shadow policy; `None`: there is none.
    pub shadow: Option<shadow::Settings>,
}

/// The backend.
#[derive(Debug, Clone)]
pub enum Backend {
    /// One SQLite file.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// The Dapr sidecar.
    Dapr(tidegate_dapr::Settings),
}

/// The sink of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// A topic of the backend.
    Topic(Topic),
    /// A method of an app behind a sidecar.
    App {
        /// The app's id.
        app: String,
        /// The method.
        method: String,
    },
    /// An address that accepts events over HTTP.
    Url(reqwest::Url),
    /// A topic of the data file.
    Log {
        /// The topic.
        topic: String,
    },
}

impl Sink {
    /// Its name, for metrics and logs. The query of an address is left out, since it may contain a secret.
    pub fn name(&self) -> String {
        match self {
            Self::Topic(topic) => topic.name.clone(),
            Self::App { app, method } => format!("{app}/{method}"),
            Self::Url(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Self::Log { topic } => topic.clone(),
        }
    }
}

/// The topics that keep scheduled retries, on the `dapr` backend.
#[derive(Debug, Clone, Default)]
pub struct RetryTopics {
    /// The topics, the shortest delay first. All of them are read.
    pub tiers: Vec<Tier>,
    /// Whether new retries are scheduled in topics; otherwise they are jobs.
    pub schedule: bool,
}
