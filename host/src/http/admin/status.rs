//! How the gate is doing.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::super::App;
use crate::reload;

#[derive(Serialize)]
struct Status {
    stopping: bool,
    backend: &'static str,
    /// None while no good policy was loaded.
    revision: Option<Revision>,
    reload: reload::Status,
    /// Over HTTP and from topics of the embedded backend.
    /// Events that are put aside; on Dapr its scheduler knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<i64>,
    deliveries_in_flight: i64,
    permits: Places,
}

#[derive(Serialize)]
struct Revision {
    number: u64,
    policy: Policy,
}

#[derive(Serialize)]
struct Policy {
    name: String,
    version: String,
    digest: String,
    /// Whether its compiled code was found in the cache.
    cached: bool,
    load_milliseconds: u128,
}

#[derive(Serialize)]
struct Places {
    total: usize,
    free: usize,
}

/// `GET /admin/status`.
pub(super) async fn status(State(app): State<Arc<App>>) -> Response {
    let revision = app.pipeline.revisions.current().map(|revision| {
        let (catalog, report) = (revision.policy.catalog(), revision.policy.load_report());
        Revision {
            number: revision.label().number,
            policy: Policy {
                name: catalog.name.clone(),
                version: catalog.version.clone(),
                digest: revision.policy.digest().to_string(),
                cached: report.from_cache,
                load_milliseconds: report.total.as_millis(),
            },
        }
    });
    let holds = match (&app.jobs, &app.pipeline.sinks.log) {
        (None, Some(db)) => db.holds().await.ok(),
        _ => None,
    };
    let status = Status {
        holds,
        stopping: app.stopping.is_cancelled(),
        backend: if app.jobs.is_some() { "dapr" } else { "local" },
        revision,
        reload: app.reload.status(),
        deliveries_in_flight: app.pipeline.metrics.in_flight(),
        permits: Places {
            total: app.concurrency,
            free: app.permits.available_permits(),
        },
    };
    Json(status).into_response()
}
