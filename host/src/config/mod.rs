//! What a gate is told: one YAML file, overrides from the environment, and one report with everything that is wrong.
//!
//! [`File`] is what people write, [`Config`] is what the gate runs on: it exists only when all of it makes sense.

mod build;
mod channels;
mod env;
mod file;
mod policy;
mod problem;
mod read;
mod retries;
mod secret;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use build::default_cache_dir;
pub use env::{
    Environment, TIDEGATE_ADMIN, TIDEGATE_CONFIG, TIDEGATE_DATA, TIDEGATE_LOG, TIDEGATE_POLICY, TIDEGATE_URL,
};
pub use file::{BackendKind, File, Isolation};
pub use policy::{ShadowPolicy, Pin, Policy, Reload, Rollback};
pub use problem::{ConfigError, Problem};
pub use read::{json_schema, read};
pub use secret::Secret;

/// A configuration that makes sense.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the HTTP listener.
    pub listen: SocketAddr,
    /// What brings events and takes them.
    pub backend: Backend,
    /// The policy and how it is replaced.
    pub policy: Policy,
    /// How policies run.
    pub engine: tidegate_engine::Options,
    /// Topics that events come from; their topics and routes are unique.
    pub subscriptions: Vec<Subscription>,
    /// Where each channel leads; never to a topic that is subscribed.
    pub channels: std::collections::BTreeMap<String, Sink>,
    /// How often and when something is tried again.
    pub retries: Retries,
    /// The SQLite file, when a channel leads to a topic of it.
    pub log: Option<PathBuf>,
    /// Time that one request to a sink may take.
    pub send_timeout: Duration,
    /// The records that make an event's processing happen once.
    pub claims: Claims,
    /// Bounds of requests.
    pub http: HttpLimits,
    /// Address of the admin listener, when there is one.
    pub admin: Option<SocketAddr>,
    /// Deliveries at the same time.
    pub concurrency: usize,
    /// Time for deliveries in flight when the gate stops.
    pub drain: Duration,
    /// The token that callers must show.
    pub app_api_token: Option<Secret>,
}

/// Bounds of connections and of what comes over them.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Connections at the same time.
    pub connections: usize,
    /// Headers of a request.
    pub header_count: usize,
    /// Bytes of its head.
    pub header_bytes: usize,
    /// Time for the head of a request.
    pub header: Duration,
    /// Time for the body of a request, and for writing the answer.
    pub body: Duration,
    /// Time for a request as a whole.
    pub request: Duration,
    /// Largest event, in bytes; a delivery may be twice as large.
    pub body_bytes: usize,
}

/// What brings events and takes them.
#[derive(Debug, Clone)]
pub enum Backend {
    /// One SQLite file.
    Local {
        /// The file.
        path: PathBuf,
    },
    /// The Dapr sidecar.
    Dapr(Dapr),
}

/// How to reach the sidecar.
#[derive(Debug, Clone)]
pub struct Dapr {
    /// Base address, without a `/` at its end.
    pub endpoint: String,
    /// Name of the state store component.
    pub state_store: String,
    /// The token to send.
    pub api_token: Option<Secret>,
    /// Time that one request may take.
    pub timeout: Duration,
}

/// A topic of a pub/sub component. The embedded backend has topics alone and looks at the name only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Name of the pub/sub component.
    pub pubsub: String,
    /// Name of the topic.
    pub name: String,
}

/// A topic that events come from.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Name of the subscription.
    pub name: String,
    /// The topic.
    pub topic: Topic,
    /// Path on which Dapr delivers.
    pub route: String,
    /// Whether Dapr delivers the broker's bytes in a wrapper.
    pub raw_payload: bool,
    /// Whether its events are claimed, so that repeats are recognised.
    pub idempotent: bool,
}

/// Where a channel leads.
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
    /// An address that takes events over HTTP.
    Url(reqwest::Url),
    /// A topic of the data file.
    Log {
        /// The topic.
        topic: String,
    },
}

impl Sink {
    /// Its name, for metrics and logs. Of an address only what is no secret.
    pub fn name(&self) -> String {
        match self {
            Self::Topic(topic) => topic.name.clone(),
            Self::App { app, method } => format!("{app}/{method}"),
            Self::Url(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Self::Log { topic } => topic.clone(),
        }
    }
}

/// How often and when something is tried again.
#[derive(Debug, Clone)]
pub struct Retries {
    /// Factor on the delays that the policy gives.
    pub scale: f64,
    /// Faults of the policy on one event after which it is given up.
    pub fault_limit: u32,
    /// How long an event waits for an earlier one of its key; `None`: it does not.
    pub order_wait: Option<Duration>,
    /// Topics that may hold what was put aside, the shortest delay first.
    pub tiers: Vec<Tier>,
    /// Whether they keep what is put aside from now on; else jobs do.
    pub in_topics: bool,
}

impl Retries {
    /// A delay, scaled.
    pub fn scaled(&self, delay: Duration) -> Duration {
        Duration::try_from_secs_f64(delay.as_secs_f64() * self.scale).unwrap_or(Duration::MAX)
    }
}

/// A topic for delays of about one length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The topic.
    pub topic: Topic,
    /// The delay.
    pub delay: Duration,
}

/// The records that make an event's processing happen once.
#[derive(Debug, Clone, Copy)]
pub struct Claims {
    /// Time after which the claim of a gate that died is taken over.
    pub lease: Duration,
    /// Time that a claim is kept after the event is done.
    pub keep: Duration,
}
