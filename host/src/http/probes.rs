//! Is the gate alive, is it ready, and what has it counted?

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::sync::Mutex;

use super::{App, problem::Problem};
use crate::{dapr::Sidecar, pipeline::NotAcknowledged, reload};

/// How long the sidecar's answer is kept.
const KEPT: Duration = Duration::from_secs(1);

/// `GET /healthz`: alive, and not about to stop.
pub(super) async fn healthz(State(app): State<Arc<App>>) -> Response {
    if app.stopping.is_cancelled() {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not healthy", "the gate is stopping").into_response();
    }
    "ok\n".into_response()
}

/// `GET /readyz`: a policy is loaded and does well, and the sidecar, where there is one, takes what is sent. With the flags
/// in `deploy/dapr/daprd.args` the sidecar brings neither deliveries nor jobs while this fails.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    match unready(&app).await {
        None => "ready\n".into_response(),
        Some(why) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready", why).into_response(),
    }
}

/// `GET /metrics`, OpenMetrics text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let current = app.pipeline.revisions.current();
    let number = current.map_or(0, |current| current.label().number);
    app.pipeline.metrics.revision(number);
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
        Some(revision) if revision.health.is_shut() => return Some(NotAcknowledged::CircuitOpen.to_string()),
        Some(_) => {}
    }
    app.probe.as_ref()?.trouble().await
}

fn no_policy(status: &reload::Status) -> String {
    match status {
        reload::Status::Refused { why, .. } => format!("{}: {why}", NotAcknowledged::NoPolicy),
        _ => NotAcknowledged::NoPolicy.to_string(),
    }
}

/// What is known of the sidecar. Many probes at once ask it once.
#[derive(Debug)]
pub struct SidecarProbe {
    sidecar: Sidecar,
    known: Mutex<Option<(Instant, Option<String>)>>,
}

impl SidecarProbe {
    /// Nothing is asked yet.
    pub fn new(sidecar: Sidecar) -> Self {
        Self {
            sidecar,
            known: Mutex::new(None),
        }
    }

    async fn trouble(&self) -> Option<String> {
        let mut known = self.known.lock().await;
        if let Some((_, trouble)) = known.as_ref().filter(|(asked, _)| asked.elapsed() < KEPT) {
            return trouble.clone();
        }
        let trouble = self.sidecar.ready().await.err().map(|error| error.to_string());
        *known = Some((Instant::now(), trouble.clone()));
        trouble
    }
}
