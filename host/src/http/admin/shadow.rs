//! What the candidate would change.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::super::{App, problem::Problem};

/// `GET /admin/shadow`.
pub(super) async fn shadow(State(app): State<Arc<App>>) -> Response {
    if let Some(shadow) = &app.pipeline.shadow {
        return Json(shadow.report()).into_response();
    }
    let detail = "name a policy's file as `policy.candidate`, and it judges a copy of the traffic";
    Problem::new(StatusCode::NOT_FOUND, "there is no candidate", detail).into_response()
}
