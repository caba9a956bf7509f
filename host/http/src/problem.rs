//! Errors of the HTTP API: RFC 9457 problem documents.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tidegate_engine::{Rejection, Violation};

/// One problem document.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    /// For the header `Retry-After`.
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem document.
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            violations: Vec::new(),
            retry_after: None,
        }
    }

    /// The event is not valid: 422 with all violations; the detail is the first of them.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let detail = match &violations[..] {
            [] => String::new(),
            [Violation { path, message, .. }, ..] if path.is_empty() => message.clone(),
            [Violation { path, message, .. }, ..] => format!("{path}: {message}"),
        };
        Self {
            violations,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "the event is not valid", detail)
        }
    }

    /// The policy or the backend did not answer: the caller must retry.
    pub fn unavailable(error: &dyn std::error::Error) -> Self {
        Self::try_again(error.to_string())
    }

    /// The request was not processed: the caller must retry after a second.
    pub fn try_again(detail: impl Into<String>) -> Self {
        Self {
            retry_after: Some(1),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "not processed, retry", detail)
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self::invalid(rejection.violations)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let retry_after = self
            .retry_after
            .map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
        (status, content_type, retry_after, Json(self)).into_response()
    }
}
