//! `POST /v1/failures`: a consumer that could not handle an event hands it back, and the policy decides what follows.

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
    delivery::{Delivery, History, Origin, Source},
    disposition::Disposition,
};
use tidegate_pipeline::{Ack, NotAcknowledged};

use super::{App, body::Admitted, problem::Problem};

/// Longest error that is kept, in bytes.
const ERROR: usize = 4 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    /// The event as the consumer was sent it.
    event: Box<RawValue>,
    /// Why it could not be handled, in one line.
    error: String,
    /// Retries that were made before: `tidegateattempt` of the event's envelope, or 0 without it.
    retry_count: u32,
}

#[derive(Serialize)]
struct NextStep {
    /// `retry`, `dead-letter`, or `drop` when the policy sends such events nowhere.
    action: &'static str,
    event_id: Option<String>,
    reason: String,
}

/// Answers 202 with what follows: the event is stored and need not be handed back again.
pub(super) async fn take_back(State(app): State<Arc<App>>, request: Admitted) -> Result<Response, Problem> {
    let Admitted { permit, body } = request;
    let failed: Failed = serde_json::from_slice(&body).map_err(|error| {
        let wanted = "want {\"event\": {…}, \"error\": \"…\", \"retry_count\": 0}";
        Problem::new(
            StatusCode::BAD_REQUEST,
            "the body is not a failure",
            format!("{error}; {wanted}"),
        )
    })?;
    let error = line(&failed.error);
    let mut delivery = Delivery::new(
        failed.event.get().to_owned().into(),
        Source::topic("v1/failures"),
        clock::now(),
    );
    delivery.origin = Origin::Consumer {
        failures: failed.retry_count.saturating_add(1),
    };
    // Handing back the same failure twice while it is put aside is one retry. Afterwards it is another one: a consumer that
    // fails again under the same count must not be told that it was done.
    delivery.once = false;
    delivery.history = History {
        attempt: failed.retry_count,
        ..History::default()
    };
    let ack = app.complete(permit, async move |pipeline| {
        pipeline.take_back(&delivery, &error).await
    });
    match ack.await {
        Some(Ack::Done(report)) => {
            let next = NextStep {
                action: match report.disposition {
                    Disposition::Scheduled
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

/// A text of a consumer, as one line of bounded length.
fn line(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.truncate(line.floor_char_boundary(ERROR));
    line
}
