//! The answer to a service that sent an event.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tidegate_model::disposition::{DeadLetterReason, Disposition};
use tidegate_pipeline::{Ack, NotAcknowledged};

use crate::problem::Problem;

#[derive(Serialize)]
struct Processed {
    event_id: Option<String>,
    disposition: &'static str,
    reason: String,
    outputs: Vec<Output>,
}

#[derive(Serialize)]
struct Output {
    channel: String,
    id: String,
}

/// 200: the event is processed. 202: its retry is scheduled, or outputs of it leave later. 422: it is rejected. 424: it could not be published and is
/// dead-lettered. 503: it must be sent again. `None`: processing it panicked.
pub(super) fn answer(ack: Option<Ack>) -> Result<Response, Problem> {
    let report = match ack {
        Some(Ack::Done(report)) => report,
        Some(Ack::Requeue { error, .. }) => return Err(Problem::unavailable(&error)),
        None => {
            let error = NotAcknowledged::Refused("processing the delivery panicked");
            return Err(Problem::unavailable(&error));
        }
    };
    let is_rejected = !report.violations.is_empty();
    let status = match report.disposition {
        Disposition::DeadLettered(DeadLetterReason::Rejected | DeadLetterReason::Fault)
        | Disposition::DeadLetterScheduled
            if is_rejected =>
        {
            return Err(Problem::invalid(report.violations));
        }
        Disposition::DeadLettered(_) | Disposition::DeadLetterScheduled => {
            let title = "dead-lettered: its dead letter is stored";
            return Err(Problem::new(StatusCode::FAILED_DEPENDENCY, title, report.reason));
        }
        Disposition::Scheduled | Disposition::OutputsScheduled => StatusCode::ACCEPTED,
        Disposition::Published | Disposition::Dropped | Disposition::Duplicate | Disposition::AlreadyScheduled => {
            StatusCode::OK
        }
    };
    let outputs = report.published.into_iter();
    let processed = Processed {
        event_id: report.event_id,
        disposition: report.disposition.as_str(),
        reason: report.reason,
        outputs: outputs.map(|(channel, id)| Output { channel, id }).collect(),
    };
    Ok((status, Json(processed)).into_response())
}
