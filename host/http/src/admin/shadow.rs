//! What the shadow policy would change.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::super::{App, Problem};

/// `GET /admin/shadow`.
pub(super) async fn shadow(State(app): State<Arc<App>>) -> Response {
    if let Some(shadow) = &app.pipeline.shadow {
        return Json(shadow.report()).into_response();
    }
    let detail = "name a policy's file as `policy.shadow.path`, and it judges a copy of the traffic";
    Problem::new(StatusCode::NOT_FOUND, "there is no shadow policy", detail).into_response()
}
