//! Why a request is turned away, and what its caller is told: a service gets a problem document, the sidecar something
//! that makes it bring the event again.

use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, problem::Problem};
use crate::{config::Subscription, rate_limited_log::RateLimitedLog};

/// Why a request is turned away.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Every permit is taken.
    #[error("the gate is full: `limits.concurrency` requests are under way")]
    Full,
    /// The gate is about to stop.
    #[error("the gate is stopping")]
    Stopping,
    /// The body is larger than the gate keeps.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body takes its time.
    #[error("the body did not arrive within {0:?}")]
    TooSlow(Duration),
    /// The body ended before its end.
    #[error("the body broke off: {0}")]
    BrokenOff(#[source] axum::Error),
    /// The whole of the request takes too long.
    #[error("the request took longer than {0:?}")]
    Overdue(Duration),
    /// The caller does not show the token.
    #[error("the header dapr-api-token must carry APP_API_TOKEN")]
    NoToken,
}

impl Refusal {
    /// One word for metrics.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Stopping => "stopping",
            Self::TooLarge(_) => "body-too-large",
            Self::TooSlow(_) => "body-too-slow",
            Self::BrokenOff(_) => "body-broken-off",
            Self::Overdue(_) => "overdue",
            Self::NoToken => "no-token",
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Full | Refusal::Stopping | Refusal::Overdue(_) => Self::try_again(detail),
            Refusal::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large", detail),
            Refusal::TooSlow(_) => Self::new(StatusCode::REQUEST_TIMEOUT, "the body is too slow", detail),
            Refusal::BrokenOff(_) => Self::new(StatusCode::BAD_REQUEST, "the body is not complete", detail),
            // Not 404: the sidecar would drop the event.
            Refusal::NoToken => Self::new(StatusCode::UNAUTHORIZED, "no valid token", detail),
        }
    }
}

/// The answer that brings a delivery again.
pub(super) fn retry() -> Response {
    Json(json!({ "status": "RETRY" })).into_response()
}

/// The answer to a delivery that is turned away. Whatever it is, the sidecar brings the event again.
pub(super) fn refuse_delivery(app: &App, subscription: &Subscription, refusal: Refusal) -> Response {
    static LINES: RateLimitedLog = RateLimitedLog::new();
    match refusal {
        Refusal::Full | Refusal::Stopping | Refusal::Overdue(_) => return retry(),
        Refusal::TooLarge(_) => {
            if let Some(suppressed) = LINES.pass() {
                tracing::error!(
                    topic = subscription.topic.name,
                    body_bytes = app.limits.body_bytes,
                    suppressed,
                    "an event is too large to be taken, and nothing behind it in its partition moves: raise \
                     `limits.body_bytes`; twice as much may come in one delivery"
                );
            }
        }
        Refusal::TooSlow(_) | Refusal::BrokenOff(_) | Refusal::NoToken => {}
    }
    Problem::from(refusal).into_response()
}
