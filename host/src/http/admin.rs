//! The admin listener: how the gate is doing, for people and tools on the same machine.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use super::{App, problem::Problem, time_limit, token, unknown, wrong_method};

#[derive(Serialize)]
struct Status {
    stopping: bool,
    backend: &'static str,
    /// None while no good policy was loaded.
    generation: Option<Generation>,
    /// Over HTTP and from topics of the embedded backend.
    /// Events that are put aside; on Dapr its scheduler knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<i64>,
    deliveries_in_flight: i64,
    places: Places,
}

#[derive(Serialize)]
struct Generation {
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

/// The routes of the admin listener.
pub fn admin_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/admin/status", get(status))
        .route("/admin/shadow", get(shadow))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), time_limit::request))
        .layer(middleware::from_fn_with_state(app.clone(), token::check))
        .with_state(app)
}

/// `GET /admin/status`.
async fn status(State(app): State<Arc<App>>) -> Response {
    let generation = app.pipeline.generations.current().map(|generation| {
        let (catalog, report) = (generation.policy.catalog(), generation.policy.load_report());
        Generation {
            number: generation.number,
            policy: Policy {
                name: catalog.name.clone(),
                version: catalog.version.clone(),
                digest: generation.policy.digest().to_string(),
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
        generation,
        deliveries_in_flight: app.pipeline.metrics.in_flight(),
        places: Places {
            total: app.concurrency,
            free: app.places.available_permits(),
        },
    };
    Json(status).into_response()
}

/// `GET /admin/shadow`.
async fn shadow(State(app): State<Arc<App>>) -> Response {
    match &app.pipeline.shadow {
        Some(shadow) => Json(shadow.report()).into_response(),
        None => {
            let detail = "name a policy's file as `policy.candidate`, and it judges a copy of the traffic";
            Problem::new(StatusCode::NOT_FOUND, "there is no candidate", detail).into_response()
        }
    }
}
