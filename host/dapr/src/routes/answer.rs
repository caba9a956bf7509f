//! The answers to deliveries, in the form that the sidecar understands.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tidegate_http::{App, Problem, Refusal};
use tidegate_model::{rate_limited_log::RateLimitedLog, subscription::Subscription};

/// The answer that acknowledges a delivery.
pub(super) fn success() -> Response {
    Json(json!({ "status": "SUCCESS" })).into_response()
}

/// The answer that makes the sidecar redeliver.
pub(super) fn retry() -> Response {
    Json(json!({ "status": "RETRY" })).into_response()
}

/// The answer to a delivery that is refused. The sidecar redelivers the event.
pub(super) fn refuse(app: &App, subscription: &Subscription, refusal: Refusal) -> Response {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    match refusal {
        Refusal::Full | Refusal::Stopping | Refusal::Overdue(_) => return retry(),
        Refusal::TooLarge(_) => {
            if let Some(suppressed) = LOG.allow() {
                tracing::error!(
                    topic = subscription.topic.name,
                    body_bytes = app.limits.body_bytes,
                    suppressed,
                    "an event exceeds `limits.body_bytes`, and its partition is blocked: raise the limit; a delivery may be \
                     twice as large"
                );
            }
        }
        Refusal::TooSlow(_) | Refusal::BrokenOff(_) | Refusal::NoToken => {}
    }
    Problem::from(refusal).into_response()
}
