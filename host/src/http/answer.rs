//! What a service is told of the event that it brought.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::problem::Problem;
use crate::pipeline::{Ack, Disposition, NotAcknowledged};

#[derive(Serialize)]
struct Published {
    event_id: Option<String>,
    decided: &'static str,
    reason: String,
    outputs: Vec<Sent>,
}

#[derive(Serialize)]
struct Sent {
    channel: String,
    id: String,
}

/// 200 when the event came to its end, 202 when it is put aside, 422 when it is rejected, 424 when it is given up since it
/// could not be sent, 503 when it must be brought again. `None`: it ended in a panic.
pub(super) fn answer(ack: Option<Ack>) -> Result<Response, Problem> {
    let report = match ack {
        Some(Ack::Done(report)) => report,
        Some(Ack::Requeue { error, .. }) => return Err(Problem::unavailable(&error)),
        None => {
            return Err(Problem::unavailable(&NotAcknowledged::Refused(
                "the delivery ended in a panic",
            )));
        }
    };
    let status = match report.disposition {
        Disposition::DeadLettered(DeadLetterReason::Rejected) | Disposition::DeadLetterScheduled if !report.violations.is_empty() => {
            return Err(Problem::invalid(report.violations));
        }
        Disposition::DeadLettered(DeadLetterReason::Rejected) | Disposition::DeadLetterReason | Disposition::DeadLetterScheduled => {
            let title = "given up: its dead letter is stored";
            return Err(Problem::new(StatusCode::FAILED_DEPENDENCY, title, report.reason));
        }
        Disposition::Scheduled => StatusCode::ACCEPTED,
        Disposition::Published | Disposition::Dropped | Disposition::Duplicate | Disposition::AlreadyScheduled => StatusCode::OK,
    };
    let outputs = report.sent.into_iter();
    let published = Published {
        event_id: report.event_id,
        decided: report.disposition.as_str(),
        reason: report.reason,
        outputs: outputs.map(|(channel, id)| Sent { channel, id }).collect(),
    };
    Ok((status, Json(published)).into_response())
}
