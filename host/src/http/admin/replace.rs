//! Another policy on request: back to one before, or on to the candidate.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::super::{App, problem::Problem};
use crate::reload::CannotPromote;

/// What `POST /admin/rollback` takes; an empty body is one without a number.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The revision to go back to; absent: the last good one.
    revision: Option<u64>,
}

#[derive(Serialize)]
struct Replaced {
    from: Option<u64>,
    to: u64,
    /// Digest of the policy that judges now.
    digest: String,
    /// What is left to do, for people.
    advice: String,
}

/// `POST /admin/rollback`.
pub(super) async fn roll_back(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let wanted = if body.is_empty() {
        Ok(Wanted::default())
    } else {
        serde_json::from_slice(&body)
    };
    let wanted: Wanted = match wanted {
        Ok(wanted) => wanted,
        Err(error) => {
            let title = "not a request for a rollback";
            return Problem::new(StatusCode::BAD_REQUEST, title, error.to_string()).into_response();
        }
    };
    let why = "asked for on the admin listener";
    match app.pipeline.revisions.roll_back_current(wanted.revision, why) {
        Ok(rolled_back) => {
            tracing::warn!(from = %rolled_back.from, to = %rolled_back.to, "the gate went back to another policy, as it was asked to");
            app.pipeline.metrics.rolled_back("request");
            app.reload.accept(&rolled_back.to.digest);
            let advice = format!(
                "a gate that starts takes what {} holds: see that it is the policy that judges now",
                app.reload.path().display()
            );
            Json(Replaced {
                from: Some(rolled_back.from.number),
                to: rolled_back.to.number,
                digest: rolled_back.to.digest,
                advice,
            })
            .into_response()
        }
        Err(error) => Problem::new(StatusCode::CONFLICT, "not rolled back", error.to_string()).into_response(),
    }
}

/// `POST /admin/promote`.
pub(super) async fn promote(State(app): State<Arc<App>>) -> Response {
    let reload = app.reload.clone();
    // On a task of its own: whoever asked may hang up.
    let promoted = match tokio::spawn(async move { reload.promote().await }).await {
        Ok(promoted) => promoted,
        Err(panic) => {
            let title = "not promoted";
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, title, panic.to_string()).into_response();
        }
    };
    match promoted {
        Ok((from, to)) => {
            let advice = format!(
                "a gate that starts takes what {} holds: copy the candidate there",
                app.reload.path().display()
            );
            Json(Replaced {
                from: from.map(|from| from.number),
                to: to.number,
                digest: to.digest,
                advice,
            })
            .into_response()
        }
        Err(error) => {
            let status = match error {
                CannotPromote::NoShadow => StatusCode::NOT_FOUND,
                CannotPromote::IsCurrent(_) | CannotPromote::Left | CannotPromote::Refused(_) => StatusCode::CONFLICT,
            };
            Problem::new(status, "not promoted", error.to_string()).into_response()
        }
    }
}
