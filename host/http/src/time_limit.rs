//! The time limit of a request, its body included. A delivery that is in progress continues on a task of its own.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{app::App, problem::Problem, refusal::Refusal};

/// For services and probes: a request that takes too long is answered with a problem document.
pub async fn limit_request(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answer = in_time(&app, request, next).await;
    answer.unwrap_or_else(|refusal| Problem::from(refusal).into_response())
}

/// The answer to a request, unless it takes longer than `limits.request_seconds`.
pub async fn in_time(app: &App, request: Request, next: Next) -> Result<Response, Refusal> {
    let limit = app.limits.request;
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| {
        let refusal = Refusal::Overdue(limit);
        app.pipeline.metrics.refused(refusal.reason());
        refusal
    })
}
