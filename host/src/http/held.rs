//! What was put aside comes back: callbacks of jobs, and records of retry topics.
//!
//! A callback that is not answered with 2xx is made again. It is never answered with 404: the sidecar would take that
//! for "done".

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, deliver, problem::Problem};
use crate::{backend::BackendError, hold::Hold, pipeline::Ack};

/// `POST /job/{name}`.
pub(super) async fn job(State(app): State<Arc<App>>, Path(name): Path<String>, body: Bytes) -> Response {
    let Some(sidecar) = &app.sidecar else {
        return again("this gate makes no jobs: its backend is the embedded one");
    };
    match sidecar.job(&body, async |hold| resume(&app, hold).await).await {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => again("it is not done yet"),
        Err(error) => {
            tracing::error!(job = ?name, %error, "it is not gone on with, and stays where it is");
            again(error.to_string())
        }
    }
}

/// `POST /held/{tier}`.
pub(super) async fn record(app: Arc<App>, body: Bytes) -> Response {
    let Some(topics) = &app.retry_topics else {
        return deliver::retry();
    };
    match topics.record(body, async |hold| resume(&app, hold).await).await {
        Ok(true) => Json(json!({ "status": "SUCCESS" })).into_response(),
        Ok(false) => deliver::retry(),
        Err(error) => unreadable(&error),
    }
}

async fn resume(app: &App, hold: Hold) -> Option<Ack> {
    let place = app.take_place()?;
    app.carry(place, async move |pipeline| pipeline.resume(&hold).await)
        .await
}

fn unreadable(error: &BackendError) -> Response {
    tracing::error!(%error, "a record of a retry topic is not gone on with, and holds up its partition");
    deliver::retry()
}

fn again(why: impl Into<String>) -> Response {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not done, try again", why).into_response()
}
