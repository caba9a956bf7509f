//! What was put aside comes back: callbacks of jobs, and records of retry topics.
//!
//! A callback that is not answered with 2xx is made again. It is never answered with 404: the sidecar would take that
//! for "done".

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, body::Admitted, permit::Permit, problem::Problem, refusal::retry};
use crate::{scheduled_retry::ScheduledRetry, pipeline::Ack, rate_limited_log::RateLimitedLog, untrusted::Untrusted};

/// Largest callback: a hold that travels as it is, escaped, escaped again, and in base64.
const CALLBACK_BYTES: usize = 4 << 20;

/// `POST /job/{name}`.
pub(super) async fn job(State(app): State<Arc<App>>, Path(name): Path<String>, body: Body) -> Response {
    static LINES: RateLimitedLog = RateLimitedLog::new();
    let Admitted { permit, body } = match Admitted::read(&app, body, CALLBACK_BYTES).await {
        Ok(admitted) => admitted,
        Err(refusal) => return Problem::from(refusal).into_response(),
    };
    let Some(sidecar) = &app.jobs else {
        return Problem::try_again("this gate makes no jobs: its backend is the embedded one").into_response();
    };
    match sidecar.job(&body, async |hold| resume(&app, permit, hold).await).await {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => Problem::try_again("it is not done yet").into_response(),
        Err(error) => {
            if let Some(suppressed) = LINES.pass() {
                tracing::error!(job = %Untrusted(&name), %error, suppressed, "not gone on with; it stays where it is");
            }
            Problem::try_again(error.to_string()).into_response()
        }
    }
}

/// `POST /held/{tier}`: a record that is not due waits here without a permit.
pub(super) async fn record(State(app): State<Arc<App>>, body: Body) -> Response {
    static LINES: RateLimitedLog = RateLimitedLog::new();
    let (Some(topics), Ok(Admitted { permit, body })) =
        (&app.retry_topics, Admitted::read(&app, body, CALLBACK_BYTES).await)
    else {
        return retry();
    };
    drop(permit);
    let resumed = topics.record(body, async |hold| resume(&app, Permit::take(&app).ok()?, hold).await);
    match resumed.await {
        Ok(true) => Json(json!({ "status": "SUCCESS" })).into_response(),
        Ok(false) => retry(),
        Err(error) => {
            if let Some(suppressed) = LINES.pass() {
                tracing::error!(%error, suppressed, "a record of a retry topic holds up its partition");
            }
            retry()
        }
    }
}

async fn resume(app: &App, permit: Permit, hold: ScheduledRetry) -> Option<Ack> {
    app.carry(permit, async move |pipeline| pipeline.resume(&hold).await)
        .await
}
