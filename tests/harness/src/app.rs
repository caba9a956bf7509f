//! A small app behind a sidecar: it writes down what it is sent, and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{free_port, wait};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// `POST`, mostly.
    pub method: String,
    /// With the query, if there is one.
    pub path: String,
    /// In order, repeats included; a value that is not UTF-8 with replacement characters.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Bytes,
}

/// What the app answers.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    body: String,
    delay: Duration,
}

/// One subscription, as `GET /dapr/subscribe` names it.
#[derive(Debug, Clone)]
pub struct Subscription(Value);

/// A running app. Paths it was told nothing about answer 200 with an empty body.
#[derive(Debug)]
pub struct App {
    port: u16,
    state: Arc<Mutex<Recorded>>,
    server: Mutex<Option<Server>>,
}

#[derive(Debug)]
struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Recorded {
    subscriptions: Value,
    received: Vec<Received>,
    replies: HashMap<String, VecDeque<Reply>>,
}

/// A subscription of a topic, delivered to a path.
pub fn subscription(pubsub: &str, topic: &str, path: &str) -> Subscription {
    Subscription(json!({"pubsubname": pubsub, "topic": topic, "routes": {"default": path}}))
}

impl Subscription {
    /// With `rawPayload`.
    #[must_use]
    pub fn raw(self) -> Self {
        self.with("metadata", json!({"rawPayload": "true"}))
    }

    /// With any other member.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.0[member] = value;
        self
    }
}

impl Reply {
    /// A status with an empty body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            body: String::new(),
            delay: Duration::ZERO,
        }
    }

    /// A status with a body.
    pub fn text(status: u16, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            ..Self::status(status)
        }
    }

    /// 200 with a JSON body.
    pub fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    /// After a while.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl Received {
    /// The first header of a name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {:?}", self.body))
    }
}

impl App {
    /// Starts an app with subscriptions.
    pub async fn start(subscriptions: impl IntoIterator<Item = Subscription>) -> Result<Self> {
        let subscriptions = subscriptions.into_iter().map(|subscription| subscription.0).collect();
        let state = Arc::new(Mutex::new(Recorded {
            subscriptions,
            ..Recorded::default()
        }));
        let app = Self {
            port: free_port(),
            state,
            server: Mutex::new(None),
        };
        app.resume().await?;
        Ok(app)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on answers `path` so; the last of several answers stays.
    pub fn answer(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state)
            .replies
            .insert(path.to_owned(), replies.into_iter().collect());
    }

    /// What has come to a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        lock(&self.state)
            .received
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }

    /// Waits until `count` requests have come to a path.
    pub async fn wait_for(&self, path: &str, count: usize) -> Result<Vec<Received>> {
        let what = format!("{count} requests of {path}");
        let enough = async || Some(self.received(path)).filter(|received| received.len() >= count);
        match wait::until(&what, wait::PATIENCE, enough).await {
            Ok(received) => Ok(received),
            Err(error) => bail!("{error}; there were {}", self.received(path).len()),
        }
    }

    /// Closes its port: connections are refused until [`App::resume`].
    pub async fn pause(&self) {
        let server = lock(&self.server).take();
        if let Some(Server { stop, task }) = server {
            let _ = stop.send(());
            let _ = task.await;
        }
    }

    /// Opens its port, again.
    pub async fn resume(&self) -> Result<()> {
        // A child process that is being started holds every socket for a moment, a probe of this port too.
        let what = format!("the app's port {}", self.port);
        let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.ok();
        let listener = wait::until(&what, Duration::from_secs(5), bind).await?;
        let router = Router::new().fallback(handle).with_state(Arc::clone(&self.state));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        });
        *lock(&self.server) = Some(Server { stop, task });
        Ok(())
    }
}

async fn handle(State(state): State<Arc<Mutex<Recorded>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    if path == "/dapr/subscribe" {
        return axum::Json(lock(&state).subscriptions.clone()).into_response();
    }
    let at = Instant::now();
    let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
        return Reply::status(400).into_response();
    };
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let received = Received {
        at,
        method: parts.method.to_string(),
        path: path.clone(),
        headers: headers.collect(),
        body,
    };
    let reply = {
        let mut state = lock(&state);
        state.received.push(received);
        match state.replies.get_mut(&path) {
            Some(replies) if replies.len() > 1 => replies.pop_front(),
            Some(replies) => replies.front().cloned(),
            None => None,
        }
    };
    let reply = reply.unwrap_or_else(|| Reply::status(200));
    tokio::time::sleep(reply.delay).await;
    reply.into_response()
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let response = Response::builder()
            .status(self.status)
            .header("content-type", "application/json")
            .body(Body::from(self.body));
        response.unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
