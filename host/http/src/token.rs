//! Checks the token that callers must send, when one is set.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{app::App, problem::Problem, refusal::Refusal};

/// Refuses a request without the value of `APP_API_TOKEN` in `dapr-api-token`. Without that variable all requests pass.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(token) = &app.token else {
        return next.run(request).await;
    };
    let sent = request
        .headers()
        .get("dapr-api-token")
        .map_or(&b""[..], |value| value.as_bytes());
    if token.matches(sent) {
        return next.run(request).await;
    }
    app.pipeline.metrics.refused(Refusal::NoToken.reason());
    Problem::from(Refusal::NoToken).into_response()
}
