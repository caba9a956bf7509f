//! The routes. A delivery never gets a 404: the sidecar would take it for "drop this event".

mod admin;
mod answer;
mod body;
mod deliver;
mod failures;
mod held;
mod impatient;
mod linger;
mod permit;
mod probes;
mod problem;
mod query;
mod redrive;
mod refusal;
mod server;
mod services;
mod time_limit;
mod token;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{HttpLimits, Secret, Subscription},
    dapr::{self, RetryTopics, Sidecar},
    pipeline::{Ack, Pipeline},
    reload::Reload,
    rate_limited_log::RateLimitedLog,
    untrusted::Untrusted,
};
pub use admin::admin_router;
use permit::Permit;
pub use probes::SidecarProbe;
use problem::Problem;
pub(crate) use server::serve;

/// What the routes share.
#[derive(Debug)]
pub struct App {
    /// The path of a delivery.
    pub pipeline: Arc<Pipeline>,
    /// What replaces the policy.
    pub reload: Arc<Reload>,
    /// Topics that events come from.
    pub subscriptions: Vec<Subscription>,
    /// The sidecar whose jobs call back, on the Dapr backend.
    pub jobs: Option<Sidecar>,
    /// Topics that bring back what was put aside.
    pub retry_topics: Option<RetryTopics>,
    /// The token that callers must show.
    pub token: Option<Secret>,
    /// Bounds of requests.
    pub limits: HttpLimits,
    /// How many permits there are.
    pub concurrency: usize,
    /// Places for requests with a body; a full gate says so at once instead of queueing.
    pub permits: Arc<Semaphore>,
    /// Requests that have a permit and are not done: what a gate that stops waits for.
    pub in_flight: TaskTracker,
    /// Set when the gate is about to stop: what is in flight is finished, nothing new is taken.
    pub stopping: CancellationToken,
    /// The sidecar's health, on the Dapr backend.
    pub probe: Option<SidecarProbe>,
}

impl App {
    /// Takes a delivery to its end on a task of its own: a caller that hangs up must not stop it half way. `None`: it
    /// panicked.
    async fn carry<F>(&self, permit: Permit, way: impl FnOnce(Arc<Pipeline>) -> F) -> Option<Ack>
    where
        F: Future<Output = Ack> + Send + 'static,
    {
        let way = way(self.pipeline.clone());
        let carried = tokio::spawn(async move {
            let _place = permit;
            way.await
        });
        carried.await.ok()
    }
}

/// All routes but those of the admin listener.
pub fn router(app: Arc<App>) -> Router {
    let mut deliveries = Router::new();
    for subscription in &app.subscriptions {
        let (app, subscription) = (app.clone(), subscription.clone());
        let route = subscription.route.clone();
        let handler =
            move |headers: HeaderMap, body: Body| deliver::deliver(app.clone(), subscription.clone(), headers, body);
        deliveries = deliveries.route(&route, post(handler));
    }
    for index in 0..app.pipeline.retries.tiers.len() {
        deliveries = deliveries.route(&dapr::tier_route(index), post(held::record));
    }
    let deliveries = deliveries.layer(middleware::from_fn_with_state(app.clone(), time_limit::delivery));
    let services = Router::new()
        .route("/dapr/subscribe", get(deliver::subscribe))
        .route("/v1/events", post(services::publish))
        .route("/v1/validate", post(services::validate))
        .route("/v1/migrate", post(services::migrate))
        .route("/v1/failures", post(failures::take_back))
        .route("/v1/redrive", post(redrive::redrive))
        .route("/job/{name}", post(held::job))
        .fallback(unknown);
    let probes = Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics));
    let token = middleware::from_fn_with_state(app.clone(), token::check);
    let time_limit = middleware::from_fn_with_state(app.clone(), time_limit::request);
    services
        .layer(time_limit.clone())
        .merge(deliveries)
        .method_not_allowed_fallback(wrong_method)
        .layer(token)
        .merge(probes.method_not_allowed_fallback(wrong_method).layer(time_limit))
        .with_state(app)
}

/// A POST to a path that nobody knows may be a delivery for a subscription of yesterday: it must come again.
async fn unknown(method: Method, uri: Uri) -> Response {
    static LINES: RateLimitedLog = RateLimitedLog::new();
    if method != Method::POST {
        return Problem::new(StatusCode::NOT_FOUND, "not found", "there is nothing at this path").into_response();
    }
    if let Some(suppressed) = LINES.pass() {
        tracing::warn!(path = %Untrusted(uri.path()), suppressed, "a POST to a path that no subscription has");
    }
    Problem::try_again("no subscription has this path; is one of yesterday still known to the sidecar?").into_response()
}

/// The router adds the header `Allow`.
async fn wrong_method(method: Method) -> Problem {
    let detail = format!("this path does not take {}", Untrusted(method.as_str()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong method", detail)
}
