//! `POST /v1/failures`: a consumer reports an event that it could not handle, and the policy plans the next attempt.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tidegate_model::{
    clock,
    delivery::{History, Origin, Source},
    disposition::Disposition,
    envelope::{Headers, unwrap},
};
use tidegate_pipeline::{Ack, NotAcknowledged};
use tidegate_text::{cut, escape};

use crate::{app::App, body::Admitted, problem::Problem};

/// Bytes of an error that are kept.
const ERROR_BYTES: usize = 4 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    /// The event as the consumer received it, bare or in its envelope.
    event: Box<RawValue>,
    /// Why the consumer could not handle it, in one line.
    error: String,
    /// Retries so far: `tidegateattempt` of the event's envelope, or 0 without it.
    retry_count: u32,
}

#[derive(Serialize)]
struct NextStep {
    /// `retry`, `dead-letter`, or `drop` when the policy sends such events nowhere.
    action: &'static str,
    event_id: Option<String>,
    reason: String,
}

/// Answers 202 with the next step. The event is then stored, and the consumer need not report it again.
pub(super) async fn report_failure(State(app): State<Arc<App>>, request: Admitted) -> Result<Response, Problem> {
    let Admitted { permit, body } = request;
    let failed: Failed = serde_json::from_slice(&body).map_err(|error| {
        let wanted = "want {\"event\": {…}, \"error\": \"…\", \"retry_count\": 0}";
        Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is not a failure",
            format!("{error}; {wanted}"),
        )
    })?;
    let error = escape::one_line(cut::bytes(&failed.error, ERROR_BYTES));
    let unwrapped = unwrap(failed.event.get().to_owned().into(), false, &Headers::NONE);
    let mut delivery = unwrapped.delivery(Source::failures(), clock::now());
    delivery.origin = Origin::Consumer {
        failures: failed.retry_count.saturating_add(1),
    };
    // The same failure reported twice while its retry is scheduled is one retry. Reported later it is another one: a
    // consumer that fails again with the same count must not be answered with "duplicate".
    delivery.once = false;
    delivery.history = History {
        attempt: failed.retry_count,
        ..History::default()
    };
    let ack = app.complete(permit, async move |pipeline| {
        pipeline.consumer_failed(&delivery, &error).await
    });
    match ack.await {
        Some(Ack::Done(report)) => {
            let next = NextStep {
                action: match report.disposition {
                    Disposition::Scheduled
                    | Disposition::OutputsScheduled
                    | Disposition::AlreadyScheduled
                    | Disposition::Published
                    | Disposition::Duplicate => "retry",
                    Disposition::Dropped => "drop",
                    Disposition::DeadLettered(_) | Disposition::DeadLetterScheduled => "dead-letter",
                },
                event_id: report.event_id,
                reason: report.reason,
            };
            Ok((StatusCode::ACCEPTED, Json(next)).into_response())
        }
        Some(Ack::Requeue { error, .. }) => Err(Problem::unavailable(&error)),
        None => Err(Problem::unavailable(&NotAcknowledged::Refused(
            "processing the failure panicked",
        ))),
    }
}
