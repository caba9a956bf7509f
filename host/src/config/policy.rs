//! Which policy runs and how it is replaced, checked.

use std::{path::PathBuf, time::Duration};

use super::{
    Problem,
    file::{self, File},
};

/// The policy and how it is replaced.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The file, when one is named.
    pub path: Option<PathBuf>,
    /// The only policy that may run; `None`: any.
    pub pin: Option<Pin>,
    /// The version in which events leave; `None`: the latest of each type.
    pub target_version: Option<String>,
    /// How a new file takes over; `None`: it does not.
    pub reload: Option<Reload>,
    /// Whether a policy may take over that accepts less than the one before.
    pub allow_dropped: bool,
    /// When the gate goes back by itself; `None`: never.
    pub rollback: Option<Rollback>,
    /// A policy to be tried beside it.
    pub candidate: Option<ShadowPolicy>,
}

/// SHA-256 of a policy's file, as [`tidegate_engine::Digest`] writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// Such as `sha256:9f86d0…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a new file takes over.
#[derive(Debug, Clone, Copy)]
pub struct Reload {
    /// How long the file must not change before it is read.
    pub settle: Duration,
    /// How often it is looked at when the system tells of no change.
    pub poll: Duration,
}

/// When the gate goes back to the policy before.
#[derive(Debug, Clone, Copy)]
pub struct Rollback {
    /// How long a new policy is watched at least.
    pub window: Duration,
    /// Events before a share says anything.
    pub min_events: u64,
    /// Share of events on which it may fault.
    pub fault_ratio: f64,
    /// How many times as large the share of rejected events may be as before.
    pub reject_jump: f64,
}

/// A policy that judges a copy of the traffic.
#[derive(Debug, Clone)]
pub struct ShadowPolicy {
    /// The file.
    pub path: PathBuf,
    /// Share of the events that it gets; above 0, at most 1.
    pub sample: f64,
    /// Events that may wait for it.
    pub queue: usize,
    /// Whether values that would change are shown.
    pub show_values: bool,
}

pub(super) fn policy(file: &File, problems: &mut Vec<Problem>) -> Policy {
    let given = &file.policy;
    let reload = &given.reload;
    for (key, value, least) in [("settle_ms", reload.settle_ms, 1), ("poll_ms", reload.poll_ms, 10)] {
        if !(least..=3_600_000).contains(&value) {
            let message = format!("must be from {least} to 3600000");
            problems.push(Problem::new(format!("policy.reload.{key}"), message));
        }
    }
    Policy {
        path: given.path.clone(),
        pin: pin(given.pin.as_deref(), problems),
        target_version: given.target_version.clone(),
        reload: reload.enabled.then(|| Reload {
            settle: Duration::from_millis(reload.settle_ms),
            poll: Duration::from_millis(reload.poll_ms),
        }),
        allow_dropped: reload.allow_dropped,
        rollback: rollback(&given.rollback, problems),
        candidate: candidate(given, problems),
    }
}

fn pin(given: Option<&str>, problems: &mut Vec<Problem>) -> Option<Pin> {
    let given = given?.trim();
    let hex = given.strip_prefix("sha256:").unwrap_or(given).to_ascii_lowercase();
    if hex.len() == 64 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Some(Pin(format!("sha256:{hex}")));
    }
    let message = "must be the whole SHA-256 of the file, 64 hexadecimal digits, as `tidegate check` prints it";
    problems.push(Problem::new("policy.pin", message));
    None
}

fn rollback(given: &file::Rollback, problems: &mut Vec<Problem>) -> Option<Rollback> {
    let mut wrong = |key: &str, message: &str| problems.push(Problem::new(format!("policy.rollback.{key}"), message));
    if !(1..=3600).contains(&given.window_seconds) {
        wrong("window_seconds", "must be from 1 to 3600");
    }
    if given.min_events == 0 {
        wrong("min_events", "must be at least 1");
    }
    if !(0.0..=1.0).contains(&given.fault_ratio) {
        wrong("fault_ratio", "must be a number from 0 to 1");
    }
    if !(1.0..=1e6).contains(&given.reject_jump) {
        wrong("reject_jump", "must be a number from 1 to 1000000");
    }
    given.enabled.then(|| Rollback {
        window: Duration::from_secs(given.window_seconds.into()),
        min_events: given.min_events.into(),
        fault_ratio: given.fault_ratio,
        reject_jump: given.reject_jump,
    })
}

fn candidate(given: &file::Policy, problems: &mut Vec<Problem>) -> Option<ShadowPolicy> {
    let shadow = &given.shadow;
    if !(shadow.sample > 0.0 && shadow.sample <= 1.0) {
        problems.push(Problem::new(
            "policy.shadow.sample",
            "must be a number above 0 and at most 1",
        ));
    }
    if !(1..=100_000).contains(&shadow.queue) {
        problems.push(Problem::new("policy.shadow.queue", "must be from 1 to 100000"));
    }
    Some(ShadowPolicy {
        path: given.candidate.clone()?,
        sample: shadow.sample,
        queue: shadow.queue as usize,
        show_values: shadow.show_values,
    })
}
