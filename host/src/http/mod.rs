//! The routes. A delivery never gets a 404: the sidecar would take it for "drop this event".

mod deliver;
mod failures;
mod held;
mod probes;
mod problem;
mod services;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Secret, Subscription},
    dapr::{self, RetryTopics, Sidecar},
    pipeline::{Ack, NotDone, Pipeline},
};
use problem::Problem;

/// What the routes share.
#[derive(Debug)]
pub struct App {
    /// The path of a delivery.
    pub pipeline: Arc<Pipeline>,
    /// Topics that events come from.
    pub subscriptions: Vec<Subscription>,
    /// The sidecar whose jobs call back.
    pub sidecar: Option<Sidecar>,
    /// Topics that bring back what was put aside.
    pub retry_topics: Option<RetryTopics>,
    /// The token that callers must show.
    pub token: Option<Secret>,
    /// Places for deliveries; a full gate says RETRY at once instead of queueing.
    pub places: Arc<Semaphore>,
    /// Deliveries that were taken over HTTP and have not ended.
    pub in_flight: TaskTracker,
    /// Set when the gate is about to stop: what is in flight is finished, nothing new is taken.
    pub stopping: CancellationToken,
}

impl App {
    /// A place for one more delivery, unless the gate is full or stopping.
    fn take_place(&self) -> Option<OwnedSemaphorePermit> {
        if self.stopping.is_cancelled() {
            return None;
        }
        self.places.clone().try_acquire_owned().ok()
    }

    /// Takes a delivery to its end on a task of its own: a caller that hangs up must not stop it half way. `None`: it
    /// panicked.
    async fn carry<F>(&self, place: OwnedSemaphorePermit, way: impl FnOnce(Arc<Pipeline>) -> F) -> Option<Ack>
    where
        F: Future<Output = Ack> + Send + 'static,
    {
        let way = way(self.pipeline.clone());
        let carried = self.in_flight.spawn(async move {
            let _place = place;
            way.await
        });
        carried.await.ok()
    }

    /// A place for a service's request.
    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.take_place()
            .ok_or_else(|| Problem::unavailable(&NotDone::NotTaken("the gate is full or stopping")))
    }

    /// Why the gate is not ready, if it is not.
    fn unready(&self) -> Option<String> {
        if self.stopping.is_cancelled() {
            return Some("the gate is stopping".to_owned());
        }
        match self.pipeline.generations.current() {
            None => Some(NotDone::NoPolicy.to_string()),
            Some(generation) => generation.health.is_sick().then(|| NotDone::SickPolicy.to_string()),
        }
    }
}

/// All routes; bodies are limited to `body_bytes`, those of deliveries to twice as much.
pub fn router(app: Arc<App>, body_bytes: usize) -> Router {
    let mut guarded = Router::new()
        .route("/dapr/subscribe", get(deliver::subscribe))
        .route("/v1/events", post(services::publish))
        .route("/v1/validate", post(services::validate))
        .route("/v1/migrate", post(services::migrate))
        .route("/v1/failures", post(failures::take_back))
        .route("/job/{name}", post(held::job));
    for index in 0..app.pipeline.retries.tiers.len() {
        let held = app.clone();
        let handler = move |body: Bytes| held::record(held.clone(), body);
        let limit = DefaultBodyLimit::max(body_bytes.saturating_mul(2));
        guarded = guarded.route(&dapr::tier_route(index), post(handler).layer(limit));
    }
    for subscription in &app.subscriptions {
        let (app, subscription) = (app.clone(), subscription.clone());
        let route = subscription.route.clone();
        let handler =
            move |headers: HeaderMap, body: Bytes| deliver::deliver(app.clone(), subscription.clone(), headers, body);
        // The broker's bytes come as base64: four bytes for three.
        let limit = DefaultBodyLimit::max(body_bytes.saturating_mul(2));
        guarded = guarded.route(&route, post(handler).layer(limit));
    }
    guarded
        .layer(middleware::from_fn_with_state(app.clone(), token::check))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(body_bytes))
        .with_state(app)
}

/// A POST to a path that nobody knows may be a delivery for a subscription of yesterday: it must come again.
async fn unknown(method: Method, uri: Uri) -> Response {
    if method == Method::POST {
        tracing::warn!(path = uri.path(), "a POST to a path that no subscription has");
        let detail = "no subscription has this path; is one of yesterday still known to the sidecar?";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not done, try again", detail).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, "not found", "there is nothing at this path").into_response()
}
