//! Scheduled retries that are due: callbacks of jobs, and records of retry topics.
//!
//! The sidecar repeats a callback until the answer is 2xx. The answer is never 404: the sidecar would drop the job.

use std::sync::Arc;

use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tidegate_http::{Admitted, App, Permit, Problem};
use tidegate_model::{rate_limited_log::RateLimitedLog, scheduled_retry::ScheduledRetry, untrusted::Untrusted};
use tidegate_pipeline::Ack;

use super::{
    answer::{retry, success},
    inbound::Inbound,
};

/// Bytes of the largest callback: a retry, escaped twice, in base64.
const CALLBACK_BYTES: usize = 4 << 20;

/// `POST /job/{name}`.
pub(super) async fn job(app: Arc<App>, inbound: Arc<Inbound>, name: String, body: Body) -> Response {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    let Admitted { permit, body } = match Admitted::read(&app, body, CALLBACK_BYTES).await {
        Ok(admitted) => admitted,
        Err(refusal) => return Problem::from(refusal).into_response(),
    };
    let Some(sidecar) = &inbound.sidecar else {
        return Problem::try_again("this gate schedules no jobs: its backend is not dapr").into_response();
    };
    match sidecar
        .job(&body, async |retry| resume(&app, permit, retry).await)
        .await
    {
        Ok(true) => StatusCode::OK.into_response(),
        Ok(false) => Problem::try_again("the retry is not acknowledged yet").into_response(),
        Err(error) => {
            if let Some(suppressed) = LOG.allow() {
                tracing::error!(job = %Untrusted(&name), %error, suppressed, "cannot process a scheduled retry; it stays scheduled");
            }
            Problem::try_again(error.to_string()).into_response()
        }
    }
}

/// `POST /retries/{tier}`. A record that is not due waits here without a permit.
pub(super) async fn record(app: Arc<App>, inbound: Arc<Inbound>, body: Body) -> Response {
    static LOG: RateLimitedLog = RateLimitedLog::new();
    let (Some(topics), Ok(Admitted { permit, body })) =
        (&inbound.retry_topics, Admitted::read(&app, body, CALLBACK_BYTES).await)
    else {
        return retry();
    };
    drop(permit);
    let resumed = topics.record(body, async |retry| resume(&app, Permit::take(&app).ok()?, retry).await);
    match resumed.await {
        Ok(true) => success(),
        Ok(false) => retry(),
        Err(error) => {
            if let Some(suppressed) = LOG.allow() {
                tracing::error!(%error, suppressed, "a record of a retry topic blocks its partition");
            }
            retry()
        }
    }
}

async fn resume(app: &App, permit: Permit, retry: ScheduledRetry) -> Option<Ack> {
    app.complete(permit, async move |pipeline| pipeline.resume(&retry).await)
        .await
}
