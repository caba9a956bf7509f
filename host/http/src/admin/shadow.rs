//! The report of the shadow policy: what it would change.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{app::App, problem::Problem};

/// `GET /admin/shadow`.
pub(super) async fn shadow(State(app): State<Arc<App>>) -> Response {
    if let Some(shadow) = &app.pipeline.shadow {
        return Json(shadow.report()).into_response();
    }
    let detail = "set `policy.shadow.path` to a policy's file: it then judges a copy of the traffic";
    Problem::new(StatusCode::NOT_FOUND, "there is no shadow policy", detail).into_response()
}
