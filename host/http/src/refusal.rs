//! Why a request is refused.

use std::time::Duration;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No permit is free.
    #[error("the gate is full: `limits.concurrency` requests are in progress")]
    Full,
    /// The gate is stopping.
    #[error("the gate is stopping")]
    Stopping,
    /// The body is larger than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body arrives too slowly.
    #[error("the body did not arrive within {0:?}")]
    TooSlow(Duration),
    /// The body is not complete.
    #[error("the body broke off: {0}")]
    BrokenOff(#[source] axum::Error),
    /// The request takes too long.
    #[error("the request took longer than {0:?}")]
    Overdue(Duration),
    /// The caller does not send the token.
    #[error("the header dapr-api-token must carry APP_API_TOKEN")]
    NoToken,
}

impl Refusal {
    /// The reason as one word, for metrics.
    pub const fn reason(&self) -> &'static str {
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
