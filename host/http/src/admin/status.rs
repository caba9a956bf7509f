//! The status of the gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tidegate_policies::reload;

use crate::app::App;

#[derive(Serialize)]
struct Status {
    stopping: bool,
    backend: &'static str,
    /// `None` until a policy is loaded.
    revision: Option<Revision>,
    reload: reload::Status,
    /// Absent on the `dapr` backend, whose scheduler does not report it.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_retries: Option<i64>,
    deliveries_in_flight: i64,
    permits: Permits,
}

#[derive(Serialize)]
struct Revision {
    name: String,
    version: String,
    digest: String,
    /// Whether its compiled code came from the cache.
    cached: bool,
    load_milliseconds: u128,
}

#[derive(Serialize)]
struct Permits {
    total: usize,
    free: usize,
}

/// `GET /admin/status`.
pub(super) async fn status(State(app): State<Arc<App>>) -> Response {
    let revision = app.pipeline.revisions.current().map(|revision| {
        let (catalog, report) = (revision.policy.catalog(), revision.policy.load_report());
        Revision {
            name: catalog.name.clone(),
            version: catalog.version.clone(),
            digest: revision.policy.digest().to_string(),
            cached: report.from_cache,
            load_milliseconds: report.total.as_millis(),
        }
    });
    let status = Status {
        scheduled_retries: app.backend.scheduled_retries().await,
        stopping: app.stopping.is_cancelled(),
        backend: app.backend.name(),
        revision,
        reload: app.reload.status(),
        deliveries_in_flight: app.pipeline.metrics.in_flight(),
        permits: Permits {
            total: app.concurrency,
            free: app.permits.available_permits(),
        },
    };
    Json(status).into_response()
}
