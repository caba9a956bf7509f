//! A custom policy: the builtin one plus version 1.2 of the task events, which adds a priority.
//!
//! In older versions no schema mentions `priority`: it may be present, and absent means NORMAL. So a priority that is present
//! is kept in both directions, and only NORMAL is added and removed.

use tidegate_policy::steps::{self, Members, StepError};
use tidegate_policy::{Bundle, Code, Policy, PolicyError, Step, export_policy};

/// The types that get the version.
const TASKS: [&str; 4] = ["task.created", "task.updated", "task.completed", "task.deleted"];

/// The changes to their schemas.
const TASK_1_2: &str = include_str!("task-1.2.json");

/// The priority of a task that has none.
const NORMAL: &str = "NORMAL";

/// Builds the policy.
pub fn policy() -> Result<Policy, PolicyError> {
    let bundle = Bundle::builtin()
        .named(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .with_version(&TASKS, "1.1", "1.2", TASK_1_2)?;
    let code = Code::default().with_step(Step::new("1.1", "1.2", add_priority, remove_normal));
    Policy::new(&bundle, code)
}

export_policy!(policy);

/// 1.1 to 1.2.
fn add_priority(event: &mut Members) -> Result<(), StepError> {
    steps::payload(event)?.entry("priority").or_insert(NORMAL.into());
    Ok(())
}

/// 1.2 to 1.1.
fn remove_normal(event: &mut Members) -> Result<(), StepError> {
    let payload = steps::payload(event)?;
    if payload.get("priority").is_some_and(|priority| priority == NORMAL) {
        payload.shift_remove("priority");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
