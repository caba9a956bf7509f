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
    /// When the gate goes back to the policy before by itself.
    pub rollback: Rollback,
    /// A policy that judges a copy of the traffic and sends nothing: see `tidegate policy diff`.
    pub candidate: Option<PathBuf>,
    /// What the candidate gets to judge.
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
    /// Whether the file is watched at all.
    pub enabled: bool,
    /// Milliseconds for which the file must not change before it is read.
    pub settle_ms: u64,
    /// Milliseconds after which the file is looked at even when the system tells of no change.
    pub poll_ms: u64,
    /// Take a policy over that no longer accepts a type or version which the current one accepts.
    pub allow_dropped: bool,
}

/// When the gate goes back to the policy before by itself.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// Whether it does.
    pub enabled: bool,
    /// Seconds that a new policy is watched, and as long as it has not judged `min_events`.
    pub window_seconds: u32,
    /// Events before a share says anything.
    pub min_events: u32,
    /// Share of events on which the new policy may fault; 0 to 1.
    pub fault_ratio: f64,
    /// How many times as large the share of rejected events may be as under the last policy before that has judged
    /// `min_events`; at least 1. Where none has, no more than half may be rejected. A difference within three
    /// standard errors is chance.
    pub reject_jump: f64,
}

/// What the candidate gets to judge.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shadow {
    /// Share of the events that it gets; above 0, at most 1.
    pub sample: f64,
    /// Events that may wait for it; more are passed over and counted.
    pub queue: u32,
    /// Show the values that would change, not only where: they may be personal.
    pub show_values: bool,
}

impl Default for Reload {
    fn default() -> Self {
        Self {
            enabled: true,
            settle_ms: 200,
            poll_ms: 2_000,
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
            sample: 1.0,
            queue: 256,
            show_values: false,
        }
    }
}
