//! Checks which policy runs and how it is replaced.

use std::time::Duration;

use tidegate_policies::{admission::Pin, revisions::RollbackSettings, shadow};

use super::{
    checked::Policy,
    file::{self, File},
    problem::Problem,
};

pub(super) fn policy(file: &File, problems: &mut Vec<Problem>) -> Policy {
    let given = &file.policy;
    Policy {
        path: given.path.clone(),
        pin: pin(given.pin.as_deref(), problems),
        target_version: given.target_version.clone(),
        is_followed: given.reload.enabled,
        allow_dropped: given.reload.allow_dropped,
        rollback: rollback(&given.rollback, problems),
        shadow: shadow(&given.shadow, problems),
    }
}

fn pin(given: Option<&str>, problems: &mut Vec<Problem>) -> Option<Pin> {
    let pin = Pin::new(given?.trim());
    if pin.is_none() {
        let message = "must be the whole SHA-256 of the file, 64 hexadecimal digits, as `tidegate check` prints it";
        problems.push(Problem::new("policy.pin", message));
    }
    pin
}

fn rollback(given: &file::Rollback, problems: &mut Vec<Problem>) -> Option<RollbackSettings> {
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
    given.enabled.then(|| RollbackSettings {
        window: Duration::from_secs(given.window_seconds.into()),
        min_events: given.min_events.into(),
        fault_ratio: given.fault_ratio,
        reject_jump: given.reject_jump,
    })
}

fn shadow(given: &file::Shadow, problems: &mut Vec<Problem>) -> Option<shadow::Settings> {
    if !(given.sample > 0.0 && given.sample <= 1.0) {
        problems.push(Problem::new(
            "policy.shadow.sample",
            "must be a number above 0 and at most 1",
        ));
    }
    if !(1..=100_000).contains(&given.queue) {
        problems.push(Problem::new("policy.shadow.queue", "must be from 1 to 100000"));
    }
    Some(shadow::Settings {
        path: given.path.clone()?,
        sample: given.sample,
        queue: given.queue as usize,
        show_values: given.show_values,
    })
}
