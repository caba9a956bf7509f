//! The routes that the sidecar calls: subscriptions, deliveries, and scheduled retries that are due.
//!
//! A gate on the `sqlite` backend has these routes too. Events can be delivered to it over HTTP in the same form.

mod answer;
mod deliver;
mod inbound;
mod scheduled;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::HeaderMap,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tidegate_http::{App, in_time, limit_request};

pub use self::inbound::Inbound;
use crate::subscriptions::{subscriptions, tier_route};

/// The routes of the sidecar, to merge into the gate's router.
pub fn router(app: &Arc<App>, inbound: Arc<Inbound>) -> Router<Arc<App>> {
    let mut deliveries = Router::new();
    for subscription in &inbound.subscriptions {
        let subscription = subscription.clone();
        let route = subscription.route.clone();
        let handler = move |State(app): State<Arc<App>>, headers: HeaderMap, body: Body| {
            deliver::deliver(app, subscription.clone(), headers, body)
        };
        deliveries = deliveries.route(&route, post(handler));
    }
    for index in 0..inbound.tiers.len() {
        let inbound = inbound.clone();
        let handler = move |State(app): State<Arc<App>>, body: Body| scheduled::record(app, inbound.clone(), body);
        deliveries = deliveries.route(&tier_route(index), post(handler));
    }
    let calls = Router::new()
        .route("/dapr/subscribe", get(subscribe(&inbound)))
        .route(
            "/job/{name}",
            post(
                move |State(app): State<Arc<App>>, Path(name): Path<String>, body: Body| {
                    scheduled::job(app, inbound.clone(), name, body)
                },
            ),
        )
        .layer(middleware::from_fn_with_state(app.clone(), limit_request));
    deliveries
        .layer(middleware::from_fn_with_state(app.clone(), limit_delivery))
        .merge(calls)
}

fn subscribe(inbound: &Inbound) -> impl Fn() -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let answer = subscriptions(&inbound.subscriptions, &inbound.tiers);
    move || std::future::ready(Json(&answer).into_response())
}

/// For deliveries: one that takes too long is answered with RETRY. When the sidecar redelivers the event, its claim shows
/// whether it is in progress or done.
async fn limit_delivery(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    in_time(&app, request, next).await.unwrap_or_else(|_| answer::retry())
}
