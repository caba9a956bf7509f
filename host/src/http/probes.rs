//! Is the gate alive, is it ready, and what has it counted?

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{App, problem::Problem};

/// `GET /healthz`: alive, and not about to stop. The sidecar stops its subscriptions when this fails.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Response {
    if app.stopping.is_cancelled() {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not healthy", "the gate is stopping").into_response();
    }
    "ok\n".into_response()
}

/// `GET /readyz`: a policy is loaded; one whose channels lead nowhere never is.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    match app.unready() {
        None => "ready\n".into_response(),
        Some(why) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", why).into_response(),
    }
}

/// `GET /metrics`, OpenMetrics text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
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
