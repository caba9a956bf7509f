//! The configuration file as written: every key, its default and its meaning. Only types are checked here.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::policy::Isolation;
pub(super) use self::policy::{Policy, Rollback, Shadow};

mod policy;

/// The configuration of a gate.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Address of the HTTP listener, for Dapr and for services.
    pub listen: SocketAddr,
    /// Where events come from and go to: `sqlite`, one data file, or `dapr`, the sidecar.
    pub backend: BackendKind,
    /// The policy to run.
    pub policy: Policy,
    /// Limits of a policy call and of a request.
    pub limits: Limits,
    /// The `sqlite` backend.
    pub sqlite: Sqlite,
    /// The Dapr sidecar.
    pub dapr: Dapr,
    /// The listener of the admin API.
    pub admin: Admin,
    /// Topics that events come from; none: they come by `POST /v1/events` alone.
    pub subscriptions: Vec<Subscription>,
    /// The sink of each channel of the policy, those of dead letters and alerts too.
    pub channels: BTreeMap<String, Channel>,
    /// How often and when something is retried.
    pub retries: Retries,
    /// The alerts about dead letters.
    pub alerts: Alerts,
    /// The claims, which make sure that an event is processed once.
    pub claims: Claims,
    /// Seconds that the gate waits for deliveries in flight when it stops.
    pub drain_seconds: u64,
}

/// Where events come from and go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// One SQLite file; nothing else is needed.
    Sqlite,
    /// The Dapr sidecar.
    Dapr,
}

/// Limits of a policy call and of a request.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Milliseconds that a policy call may run.
    pub deadline_ms: u64,
    /// Memory of a policy instance, in bytes.
    pub memory_bytes: usize,
    /// Result of a policy call, in bytes.
    pub output_bytes: usize,
    /// Body of a request, in bytes.
    pub body_bytes: usize,
    /// Deliveries and policy calls at the same time. More are answered with RETRY; services get 503.
    pub concurrency: u32,
    /// Connections at the same time. More wait until one is closed.
    pub connections: u32,
    /// Number of headers of a request. More are answered with 431. Attributes of a record in binary mode may be 40 fewer; an event with
    /// more is dead-lettered.
    pub header_count: usize,
    /// Bytes of the head of a request. More are answered with 431. A connection buffers as many bytes, of a body too. Attributes of a
    /// record in binary mode may have half of it, escaped; an event with more is dead-lettered.
    pub header_bytes: usize,
    /// Seconds in which a connection must send the head of its next request. Then it is closed.
    pub header_seconds: u64,
    /// Seconds in which the caller must send the body of a request, and in which it must read the answer.
    pub body_seconds: u64,
    /// Seconds that a request may take as a whole. A delivery is then answered with RETRY, and its processing continues.
    pub request_seconds: u64,
    /// Seconds that a call to the sidecar or to a sink may take. It should be longer than the timeouts of the sidecar.
    pub send_timeout_seconds: u64,
}

/// The listener of the admin API.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Its address; `null`: there is none.
    pub listen: Option<SocketAddr>,
}

/// The `sqlite` backend.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sqlite {
    /// The SQLite file with topics, offsets and state.
    pub path: PathBuf,
}

/// The Dapr sidecar.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dapr {
    /// Base address of the sidecar's HTTP API; absent: from `DAPR_HTTP_ENDPOINT` or `DAPR_HTTP_PORT`, else port 3500.
    pub endpoint: Option<String>,
    /// Name of the pub/sub component.
    pub pubsub: String,
    /// Name of the state store component.
    pub state_store: String,
    /// Subscribe with `rawPayload`. Keep it on: without it, the sidecar retries events that are not JSON for ever.
    pub raw_payload: bool,
}

/// A topic that events come from.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Name of the subscription, part of the default route.
    pub name: String,
    /// The topic; absent: the name.
    #[serde(default)]
    pub topic: Option<String>,
    /// Path on which Dapr delivers; absent: `/deliver/{name}`.
    #[serde(default)]
    pub route: Option<String>,
    /// Name of the pub/sub component; absent: `dapr.pubsub`.
    #[serde(default)]
    pub pubsub: Option<String>,
    /// Overrides `dapr.raw_payload`.
    #[serde(default)]
    pub raw_payload: Option<bool>,
    /// What becomes of a tombstone, a record without a value: `dead_letter`, or `drop`.
    #[serde(default)]
    pub tombstones: Tombstones,
    /// `false` when the consumers of the outputs recognise duplicates themselves. The gate then makes no claims.
    #[serde(default = "on")]
    pub idempotency: bool,
}

/// What becomes of a tombstone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tombstones {
    /// It is acknowledged, and counted as dropped.
    Drop,
    /// It is dead-lettered.
    #[default]
    DeadLetter,
}

const fn on() -> bool {
    true
}

/// The sink of a channel: one of the four.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Channel {
    /// A topic of the backend.
    Topic(TopicChannel),
    /// A method of an app behind a sidecar.
    App(AppChannel),
    /// An address that accepts events over HTTP.
    Url(UrlChannel),
    /// A topic of the data file, on both backends.
    Log(LogChannel),
}

/// A topic of the backend.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopicChannel {
    /// The topic.
    pub topic: String,
    /// Name of the pub/sub component; absent: `dapr.pubsub`.
    #[serde(default)]
    pub pubsub: Option<String>,
}

/// A method of an app behind a sidecar. Its answer is whether the app handled the event.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppChannel {
    /// The app's id.
    pub app: String,
    /// The method, such as `orders/placed`.
    pub method: String,
}

/// An address that accepts events over HTTP. Its answer is whether the receiver handled the event.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UrlChannel {
    /// The address, `http://…`.
    pub url: String,
}

/// A topic of the data file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogChannel {
    /// The topic.
    pub log: String,
}

/// How often and when something is retried.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// Factor for every delay, such as those of the policy; 0.001 to 10.
    pub scale: f64,
    /// Faults of the policy on one event after which the event is dead-lettered, if the policy works on others; at least 2.
    pub fault_limit: u32,
    /// Whether later events of a key wait for one whose retry is scheduled.
    pub ordering: Ordering,
    /// Seconds that an event waits at most for an earlier one of its key. Then it is processed, as an ordering violation.
    pub order_wait_seconds: u32,
    /// Where scheduled retries are kept, on the `dapr` backend.
    pub scheduler: SchedulerKind,
    /// The retry topics, for `scheduler: topics`.
    pub topics: RetryTopics,
}

/// Whether later events of a key wait for one whose retry is scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ordering {
    /// They do not.
    None,
    /// They wait until it is published, dropped or dead-lettered.
    PerKey,
}

/// Where scheduled retries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SchedulerKind {
    /// Dapr's scheduler.
    Jobs,
    /// Topics, one for each length of delay.
    Topics,
}

/// Topics that keep scheduled retries until they are due.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryTopics {
    /// Name of their pub/sub component. It must have its own consumer group and retry for ever.
    pub pubsub: String,
    /// One for each length of delay. All that are listed are read, also with `scheduler: jobs`. Remove one when it is empty.
    pub tiers: Vec<Tier>,
}

/// A topic for delays of about one length.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The topic.
    pub topic: String,
    /// The delay in seconds.
    pub seconds: u32,
}

/// The alerts about dead letters.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Seconds in which a channel receives one alert at once for dead letters of a type and a code, and then one with the count of the
    /// others. 0: each dead letter has an alert.
    pub window_seconds: u32,
}

/// The claims, which make sure that an event is processed once.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    /// Milliseconds after which the claim of a gate that crashed is stale.
    pub lease_ms: u64,
    /// Seconds that a claim is kept after the event is done. Duplicates are recognised for that long.
    pub keep_seconds: u32,
}

impl Default for File {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            backend: BackendKind::Sqlite,
            policy: Policy::default(),
            limits: Limits::default(),
            sqlite: Sqlite::default(),
            dapr: Dapr::default(),
            admin: Admin::default(),
            subscriptions: Vec::new(),
            channels: BTreeMap::new(),
            retries: Retries::default(),
            alerts: Alerts::default(),
            claims: Claims::default(),
            drain_seconds: 20,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline_ms: 100,
            memory_bytes: 64 << 20,
            output_bytes: 16 << 20,
            body_bytes: 4 << 20,
            concurrency: 64,
            connections: 1024,
            header_count: 256,
            header_bytes: 128 << 10,
            header_seconds: 10,
            body_seconds: 30,
            request_seconds: 60,
            send_timeout_seconds: 16,
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8081))),
        }
    }
}

impl Default for Sqlite {
    fn default() -> Self {
        Self {
            path: PathBuf::from("tidegate.db"),
        }
    }
}

impl Default for Dapr {
    fn default() -> Self {
        Self {
            endpoint: None,
            pubsub: "kafka-pubsub".to_owned(),
            state_store: "statestore".to_owned(),
            raw_payload: true,
        }
    }
}

impl Default for Alerts {
    fn default() -> Self {
        Self { window_seconds: 60 }
    }
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            lease_ms: 60_000,
            keep_seconds: 7 * 24 * 3600,
        }
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            scale: 1.0,
            fault_limit: 5,
            ordering: Ordering::None,
            order_wait_seconds: 600,
            scheduler: SchedulerKind::Jobs,
            topics: RetryTopics::default(),
        }
    }
}
