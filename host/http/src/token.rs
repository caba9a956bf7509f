//! The token that the sidecar shows, where one is set.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{App, problem::Problem, refusal::Refusal};

/// Lets a request pass that shows `APP_API_TOKEN` in `dapr-api-token`, or when none is asked for.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(token) = &app.token else {
        return next.run(request).await;
    };
    let given = request
        .headers()
        .get("dapr-api-token")
        .map_or(&b""[..], |value| value.as_bytes());
    if token.matches(given) {
        return next.run(request).await;
    }
    app.pipeline.metrics.refused(Refusal::NoToken.reason());
    Problem::from(Refusal::NoToken).into_response()
}
