//! What a service is told of the event that it brought.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::problem::Problem;
use crate::pipeline::{Ack, End, NotDone};

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
        Some(Ack::Again { error, .. }) => return Err(Problem::unavailable(&error)),
        None => {
            return Err(Problem::unavailable(&NotDone::NotTaken(
                "the delivery ended in a panic",
            )));
        }
    };
    let status = match report.end {
        End::Reject | End::DeadLetterHeld if !report.violations.is_empty() => {
            return Err(Problem::invalid(report.violations));
        }
        End::Reject | End::GivenUp | End::DeadLetterHeld => {
            let title = "given up: its dead letter is stored";
            return Err(Problem::new(StatusCode::FAILED_DEPENDENCY, title, report.reason));
        }
        End::Held => StatusCode::ACCEPTED,
        End::Forward | End::Drop | End::Duplicate | End::Waiting => StatusCode::OK,
    };
    let outputs = report.sent.into_iter();
    let published = Published {
        event_id: report.event_id,
        decided: report.end.as_str(),
        reason: report.reason,
        outputs: outputs.map(|(channel, id)| Sent { channel, id }).collect(),
    };
    Ok((status, Json(published)).into_response())
}
