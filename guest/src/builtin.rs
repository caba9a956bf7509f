//! The functions of the builtin policy, for callers that need no other. Each does what the method of the same name does.

use crate::contract::{
    Accepted, Attribute, Composed, Context, Decided, Migrated, MigrationFailure, PolicyCatalog, Rejection, RetryPlan,
    Schedule,
};
use crate::policy::Policy;

/// Builds everything that can be built in advance. Every function also works without it; its first call is slower then.
pub fn prepare() {
    Policy::builtin();
}

/// Judges one event. See [`Policy::validate`].
pub fn validate(event: &[u8], attributes: &[Attribute]) -> Result<Accepted, Rejection> {
    Policy::builtin().validate(event, attributes)
}

/// Lists what the policy knows. See [`Policy::catalog`].
pub fn catalog() -> PolicyCatalog {
    Policy::builtin().catalog()
}

/// Migrates one event to a version. See [`Policy::migrate`].
pub fn migrate(event: &[u8], attributes: &[Attribute], to_version: &str) -> Result<Migrated, MigrationFailure> {
    Policy::builtin().migrate(event, attributes, to_version)
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
pub fn process(event: &[u8], attributes: &[Attribute], context: &Context) -> Decided {
    Policy::builtin().process(event, attributes, context)
}

/// Completes an event of a publisher. See [`Policy::compose`].
pub fn compose(event: &[u8], attributes: &[Attribute], id: &str, now: &str) -> Result<Composed, Rejection> {
    Policy::builtin().compose(event, attributes, id, now)
}

/// `validate` as text. See [`Policy::validate_json`].
pub fn validate_json(event: &[u8], attributes: &[u8]) -> String {
    Policy::builtin().validate_json(event, attributes)
}

/// `migrate` as text. See [`Policy::migrate_json`].
pub fn migrate_json(request: &[u8], attributes: &[u8]) -> String {
    Policy::builtin().migrate_json(request, attributes)
}

/// `next_attempt` as text. See [`Policy::next_attempt_json`].
pub fn next_attempt_json(request: &[u8]) -> String {
    Policy::builtin().next_attempt_json(request)
}
