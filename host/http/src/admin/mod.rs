//! The admin listener: the status of the gate and its policy, and requests to replace the policy.

mod replace;
mod revisions;
mod shadow;
mod status;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{
    app::App,
    fallback::{unknown, wrong_method},
    problem::Problem,
    time_limit::limit_request,
    token,
};

/// The routes of the admin listener.
pub fn admin_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/admin/status", get(status::status))
        .route("/admin/revisions", get(revisions::revisions))
        .route("/admin/rollback", post(replace::roll_back))
        .route("/admin/promote", post(replace::promote))
        .route("/admin/reload", post(replace::reload))
        .route("/admin/shadow", get(shadow::shadow))
        .route_layer(middleware::from_fn(not_for_browsers))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), limit_request))
        .layer(middleware::from_fn_with_state(app.clone(), token::check))
        .with_state(app)
}

/// Any web page may make a browser on this machine send a request here. The browser then adds the header `Origin`.
async fn not_for_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        let detail = "a request with the header Origin comes from a web page";
        return Problem::new(StatusCode::FORBIDDEN, "not for browsers", detail).into_response();
    }
    next.run(request).await
}
