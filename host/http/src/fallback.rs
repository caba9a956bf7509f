//! The answers to requests that no route takes: an unknown path, or a wrong method.

use axum::{
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tidegate_model::{rate_limited_log::RateLimitedLog, untrusted::Untrusted};

use crate::problem::Problem;

/// A POST to an unknown path may be a delivery for a subscription that was removed. It must be redelivered.
pub(super) async fn unknown(method: Method, uri: Uri) -> Response {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    if method != Method::POST {
        return Problem::new(StatusCode::NOT_FOUND, "not found", "there is no such path").into_response();
    }
    if let Some(suppressed) = LOG.allow() {
        tracing::warn!(path = %Untrusted(uri.path()), suppressed, "a POST to a path of no subscription");
    }
    Problem::try_again("no subscription has this path; does the sidecar still know a subscription that was removed?")
        .into_response()
}

/// The router adds the header `Allow`.
pub(super) async fn wrong_method(method: Method) -> Problem {
    let detail = format!("this path does not accept {}", Untrusted(method.as_str()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong method", detail)
}
