//! The HTTP listeners: the API for services, probes, metrics and the admin API. Also the sink that posts to an address.
//!
//! Must not know Dapr or SQLite: the routes of the sidecar are in `tidegate-dapr`, and their router is merged in. A
//! delivery is never answered with 404: the sidecar would drop the event.

mod admin;
mod answer;
mod app;
mod body;
mod bounded_heads;
mod complete;
mod failures;
mod fallback;
mod head;
mod limits;
mod linger;
mod permit;
mod probes;
mod problem;
mod query;
mod redrive;
mod refusal;
mod server;
mod services;
pub mod sink;
mod time_limit;
mod token;
mod write_limit;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

pub use self::{
    admin::admin_router,
    app::App,
    body::Admitted,
    head::left_out,
    limits::Limits,
    permit::Permit,
    problem::Problem,
    refusal::Refusal,
    server::serve,
    time_limit::{in_time, limit_request},
};

/// All routes except those of the admin listener. `sidecar` has the routes that a sidecar calls.
pub fn router(app: Arc<App>, sidecar: Router<Arc<App>>) -> Router {
    let services = Router::new()
        .route("/v1/events", post(services::publish))
        .route("/v1/validate", post(services::validate))
        .route("/v1/migrate", post(services::migrate))
        .route("/v1/failures", post(failures::report_failure))
        .route("/v1/redrive", post(redrive::redrive))
        .fallback(fallback::unknown);
    let probes = Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics));
    let token = middleware::from_fn_with_state(app.clone(), token::check);
    let time_limit = middleware::from_fn_with_state(app.clone(), limit_request);
    services
        .layer(time_limit.clone())
        .merge(sidecar)
        .method_not_allowed_fallback(fallback::wrong_method)
        .layer(token)
        .merge(
            probes
                .method_not_allowed_fallback(fallback::wrong_method)
                .layer(time_limit),
        )
        .with_state(app)
}
