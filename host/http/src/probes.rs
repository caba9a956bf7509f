//! The probes and the metrics page.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tidegate_pipeline::NotAcknowledged;
use tidegate_policies::reload;

use crate::{app::App, problem::Problem};

/// `GET /healthz`: alive, and not stopping.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Response {
    if app.stopping.is_cancelled() {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not healthy", "the gate is stopping").into_response();
    }
    "ok\n".into_response()
}

/// `GET /readyz`: a policy is loaded, its circuit breaker is not open, and the backend accepts events. While this fails,
/// the sidecar makes no deliveries and no job callbacks, given the flags in `deploy/dapr/daprd.args`.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    match unready(&app).await {
        None => "ready\n".into_response(),
        Some(why) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", why).into_response(),
    }
}

/// `GET /metrics`, OpenMetrics text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let current = app.pipeline.revisions.current();
    let digest = current.as_ref().map(|current| &*current.id().digest);
    app.pipeline.metrics.revision(digest);
    match app.pipeline.metrics.render() {
        Ok(page) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], page).into_response()
        }
        Err(error) => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written",
            error.to_string(),
        )
        .into_response(),
    }
}

async fn unready(app: &App) -> Option<String> {
    if app.stopping.is_cancelled() {
        return Some("the gate is stopping".to_owned());
    }
    match app.pipeline.revisions.current() {
        None => return Some(no_policy(&app.reload.status())),
        Some(revision) if revision.breaker.is_open() => return Some(NotAcknowledged::CircuitOpen.to_string()),
        Some(_) => {}
    }
    app.backend.unready_reason().await
}

fn no_policy(status: &reload::Status) -> String {
    match status {
        reload::Status::Refused { why, .. } => format!("{}: {why}", NotAcknowledged::NoPolicy),
        _ => NotAcknowledged::NoPolicy.to_string(),
    }
}
