//! The keys under `policy`: which policy runs, how it is replaced, and the shadow policy.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The policy to run.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The file, the bundle or the folder of the policy; absent: `policy.wasm` in the current directory, or beside the executable.
    pub path: Option<PathBuf>,
    /// Digest of the only policy that may run, as `tidegate check` prints it; absent: any.
    pub pin: Option<String>,
    /// Whether policy calls share instances.
    pub isolation: Isolation,
    /// Version of the published events; absent: that of each type.
    pub target_version: Option<String>,
    /// Directory of compiled policies; absent: the user's cache directory.
    pub cache_dir: Option<PathBuf>,
    /// How a changed file replaces the current revision.
    pub reload: Reload,
    /// When the gate rolls back to an earlier revision by itself.
    pub rollback: Rollback,
    /// A policy that judges a copy of the traffic and publishes nothing: see `tidegate policy diff`.
    pub shadow: Shadow,
}

/// Whether policy calls share instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Every call gets a new instance.
    #[default]
    Fresh,
    /// An instance is reused after a call without a fault: faster, for policies that you trust.
    Reuse,
}

/// How a changed file replaces the current revision.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reload {
    /// Whether a changed file replaces the current revision by itself. A reload on request works in any case.
    pub enabled: bool,
    /// Accept a policy that no longer accepts a type or version which the current one accepts.
    pub allow_dropped: bool,
}

/// When the gate rolls back to an earlier revision by itself.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// Whether it does that.
    pub enabled: bool,
    /// Seconds of the bake period. It lasts at least until `min_events` events are decided.
    pub window_seconds: u32,
    /// Events that are needed before shares are compared.
    pub min_events: u32,
    /// Highest share of events on which the new policy may fault; 0 to 1.
    pub fault_ratio: f64,
    /// Highest growth of the share of rejected events, compared with the last revision that decided `min_events`; at least
    /// 1. Without such a revision, the share may be at most one half. A difference within three standard errors is ignored.
    pub reject_jump: f64,
}

/// The shadow policy.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shadow {
    /// The file, the bundle or the folder of the shadow policy; absent: there is none.
    pub path: Option<PathBuf>,
    /// Share of the events that it judges; above 0, at most 1.
    pub sample: f64,
    /// Events that may wait for it. More are skipped and counted.
    pub queue: u32,
    /// Show the values that would change, not only their paths. Values may be personal data.
    pub show_values: bool,
}

impl Default for Reload {
    fn default() -> Self {
        Self {
            enabled: true,
            allow_dropped: false,
        }
    }
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            enabled: true,
            window_seconds: 60,
            min_events: 100,
            fault_ratio: 0.1,
            reject_jump: 3.0,
        }
    }
}

impl Default for Shadow {
    fn default() -> Self {
        Self {
            path: None,
            sample: 1.0,
            queue: 256,
            show_values: false,
        }
    }
}
