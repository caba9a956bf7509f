//! The functions of the builtin policy, for callers that need no other. Each does what the method of the same name does.

use crate::contract::{
    Accepted, Composed, Context, Decided, Draft, FailedEvent, Migrated, MigrationFailure, Misuse, Output,
    PolicyCatalog, Rejection, RetryPlan, Schedule,
};
use crate::policy::Policy;

/// Builds everything that can be built in advance. Every function also works without it; its first call is slower then.
pub fn prepare() {
    Policy::builtin();
}

/// Judges one event. See [`Policy::validate`].
pub fn validate(event: &[u8]) -> Result<Accepted, Rejection> {
    Policy::builtin().validate(event)
}

/// Lists what the policy knows. See [`Policy::catalog`].
pub fn catalog() -> PolicyCatalog {
    Policy::builtin().catalog()
}

/// Migrates one event to a version. See [`Policy::migrate`].
pub fn migrate(event: &[u8], to_version: &str) -> Result<Migrated, MigrationFailure> {
    Policy::builtin().migrate(event, to_version)
}

/// The retries that a type gets. See [`Policy::schedule_for`].
pub fn schedule_for(event_type: &str) -> Schedule {
    Policy::builtin().schedule_for(event_type).clone()
}

/// What follows when an attempt failed. See [`Policy::next_attempt`].
pub fn next_attempt(event_type: &str, attempt: u32) -> RetryPlan {
    Policy::builtin().next_attempt(event_type, attempt)
}

/// Judges an event and says what to send. See [`Policy::process`].
pub fn process(event: &[u8], context: &Context) -> Result<Decided, Misuse> {
    Policy::builtin().process(event, context)
}

/// Makes a valid event from a draft. See [`Policy::compose`].
pub fn compose(draft: &Draft, now: &str) -> Result<Composed, Rejection> {
    Policy::builtin().compose(draft, now)
}

/// Builds what is sent when an event is dead-lettered. See [`Policy::dead_letter`].
pub fn dead_letter(failed: &FailedEvent, now: &str) -> Result<Vec<Output>, Misuse> {
    Policy::builtin().dead_letter(failed, now)
}

/// `validate` as text. See [`Policy::validate_json`].
pub fn validate_json(event: &[u8]) -> String {
    Policy::builtin().validate_json(event)
}

/// `migrate` as text. See [`Policy::migrate_json`].
pub fn migrate_json(request: &[u8]) -> String {
    Policy::builtin().migrate_json(request)
}

/// `next_attempt` as text. See [`Policy::next_attempt_json`].
pub fn next_attempt_json(request: &[u8]) -> String {
    Policy::builtin().next_attempt_json(request)
}
