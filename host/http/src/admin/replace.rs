//! Replaces the policy on request: rollback, promotion of the shadow policy, reload of the file.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tidegate_model::error::chain;
use tidegate_policies::reload::{CannotPromote, Status};

use crate::{app::App, problem::Problem};

/// The body of `POST /admin/rollback`; empty: without a digest.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackRequest {
    /// Digest of the revision to roll back to, or its first digits; absent: the last good one.
    digest: Option<String>,
}

#[derive(Serialize)]
struct Replaced {
    /// Digest of the policy that decided before.
    from: Option<String>,
    /// Digest of the policy that decides now.
    to: String,
    /// What the operator must do next.
    advice: String,
}

#[derive(Serialize)]
struct Reloaded {
    /// Digest of the policy that decides now.
    current: Option<String>,
    reload: Status,
}

/// `POST /admin/rollback`.
pub(super) async fn roll_back(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let request = if body.is_empty() {
        Ok(RollbackRequest::default())
    } else {
        serde_json::from_slice(&body)
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            let title = "the body is not a rollback request";
            return Problem::new(StatusCode::BAD_REQUEST, title, error.to_string()).into_response();
        }
    };
    let why = "requested on the admin listener";
    match app.pipeline.revisions.roll_back_current(request.digest.as_deref(), why) {
        Ok(rolled_back) => {
            tracing::warn!(from = %rolled_back.from, to = %rolled_back.to, "rolled back on request");
            app.pipeline.metrics.rolled_back("request");
            app.reload.allow(&rolled_back.to.digest);
            let advice = format!(
                "a gate that starts loads {}: copy the policy that decides now there",
                app.reload.path().display()
            );
            Json(Replaced {
                from: Some(rolled_back.from.digest),
                to: rolled_back.to.digest,
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
    // On a task of its own: the caller may hang up.
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
                "a gate that starts loads {}: copy the shadow policy there",
                app.reload.path().display()
            );
            Json(Replaced {
                from: from.map(|from| from.digest),
                to: to.digest,
                advice,
            })
            .into_response()
        }
        Err(error) => {
            let status = match error {
                CannotPromote::NoShadow => StatusCode::NOT_FOUND,
                CannotPromote::IsCurrent(_) | CannotPromote::RolledBack | CannotPromote::Refused(_) => {
                    StatusCode::CONFLICT
                }
            };
            Problem::new(status, "not promoted", error.to_string()).into_response()
        }
    }
}

/// `POST /admin/reload`: reads the file now. 409 when it is refused.
pub(super) async fn reload(State(app): State<Arc<App>>) -> Response {
    let reload = app.reload.clone();
    // On a task of its own: the caller may hang up.
    match tokio::spawn(async move { reload.now().await }).await {
        Ok(Ok(())) => Json(Reloaded {
            current: app
                .pipeline
                .revisions
                .current()
                .map(|current| current.id().digest.clone()),
            reload: app.reload.status(),
        })
        .into_response(),
        Ok(Err(refusal)) => {
            Problem::new(StatusCode::CONFLICT, "the policy is refused", chain(&refusal)).into_response()
        }
        Err(panic) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not reloaded", panic.to_string()).into_response()
        }
    }
}
