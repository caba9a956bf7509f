//! The keys under `policy`: which one runs, how it is replaced, and which one may be tried beside it.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The policy to run.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The component; absent: `policy.wasm` here, or beside the executable.
    pub path: Option<PathBuf>,
    /// SHA-256 of the only file that may run, as `tidegate check` prints it; absent: any.
    pub pin: Option<String>,
    /// What one call may leave behind for the next.
    pub isolation: Isolation,
    /// The version in which events leave; absent: the latest of each type.
    pub target_version: Option<String>,
    /// Where compiled policies are kept; absent: the user's cache directory.
    pub cache_dir: Option<PathBuf>,
    /// How a new file takes over.
    pub reload: Reload,
    /// When the gate rolls back to an earlier revision by itself.
    pub rollback: Rollback,
    /// A policy that judges a copy of the traffic and sends nothing: see `tidegate policy diff`.
    pub shadow: Shadow,
}

/// What one policy call may leave behind for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// Nothing: every event gets a fresh instance.
    #[default]
    Fresh,
    /// Instances are used again after a clean call: faster, for policies that you trust.
    Reuse,
}

/// How a new file takes over.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reload {
    /// Whether a change of the file takes over by itself; a reload on request works all the same.
    pub enabled: bool,
    /// Load a policy that no longer accepts a type or version which the current one accepts.
    pub allow_dropped: bool,
}

/// When the gate rolls back to an earlier revision by itself.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// Whether it does.
    pub enabled: bool,
    /// Seconds of the bake period, which also lasts until `min_events` are decided on.
    pub window_seconds: u32,
    /// Events that a share needs to count.
    pub min_events: u32,
    /// Share of events on which the new policy may fault; 0 to 1.
    pub fault_ratio: f64,
    /// How many times as large the share of rejected events may be as under the last revision with `min_events`; at least
    /// 1. Where there is none, no more than half may be rejected. A difference within three standard errors is chance.
    pub reject_jump: f64,
}

/// The shadow policy.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shadow {
    /// Its file; absent: there is no shadow policy.
    pub path: Option<PathBuf>,
    /// Share of the events that it gets; above 0, at most 1.
    pub sample: f64,
    /// Events that may wait for it; more are skipped and counted.
    pub queue: u32,
    /// Show the values that would change, not only where: they may be personal.
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
