//! The admin listener: how the gate is doing and which policy judges, for people and tools on the same machine.

mod generations;
mod replace;
mod shadow;
mod status;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use super::{App, time_limit, token, unknown, wrong_method};

/// The routes of the admin listener.
pub fn admin_router(app: Arc<App>) -> Router {
    Router::new()
        .route("/admin/status", get(status::status))
        .route("/admin/generations", get(generations::generations))
        .route("/admin/rollback", post(replace::roll_back))
        .route("/admin/promote", post(replace::promote))
        .route("/admin/shadow", get(shadow::shadow))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), time_limit::request))
        .layer(middleware::from_fn_with_state(app.clone(), token::check))
        .with_state(app)
}
