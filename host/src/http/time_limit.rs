//! The time that a request may take, body and all. What a delivery has begun goes on in a task of its own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    App,
    problem::Problem,
    refusal::{Refusal, retry},
};

/// For services and probes.
pub(super) async fn request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answer = in_time(&app, request, next).await;
    answer.unwrap_or_else(|refusal| Problem::from(refusal).into_response())
}

/// For deliveries: the sidecar brings the event again, and its claim says whether it is still under way or done.
pub(super) async fn delivery(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    in_time(&app, request, next).await.unwrap_or_else(|_| retry())
}

async fn in_time(app: &App, request: Request, next: Next) -> Result<Response, Refusal> {
    let limit = app.limits.request;
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| {
        let refusal = Refusal::Overdue(limit);
        app.pipeline.metrics.refused(refusal.reason());
        refusal
    })
}
