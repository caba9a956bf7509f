//! A small app behind a sidecar: it records what it is sent, and answers as the test wants.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Received, Reply, free_port, wait};

/// One subscription, as `GET /dapr/subscribe` names it.
#[derive(Debug, Clone)]
pub struct Subscription(Value);

/// A running app. Paths without an answer of their own answer 200 with an empty body.
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
    answers: HashMap<String, Answers>,
}

enum Answers {
    /// One after the other; the last one stays.
    InTurn(VecDeque<Reply>),
    By(Box<dyn FnMut(&Received) -> Reply + Send>),
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
        let replies = Answers::InTurn(replies.into_iter().collect());
        lock(&self.state).answers.insert(path.to_owned(), replies);
    }

    /// From now on asks `answer` about each request of `path`, one at a time.
    pub fn answer_with(&self, path: &str, answer: impl FnMut(&Received) -> Reply + Send + 'static) {
        let answer = Answers::By(Box::new(answer));
        lock(&self.state).answers.insert(path.to_owned(), answer);
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

    /// How many requests have come to a path so far.
    pub fn count(&self, path: &str) -> usize {
        lock(&self.state)
            .received
            .iter()
            .filter(|request| request.path == path)
            .count()
    }

    /// Waits until `count` requests have come to a path.
    pub async fn wait_for(&self, path: &str, count: usize) -> Result<Vec<Received>> {
        self.wait_longer_for(path, count, wait::PATIENCE).await
    }

    /// The same with a limit of the test's own.
    pub async fn wait_longer_for(&self, path: &str, count: usize, limit: Duration) -> Result<Vec<Received>> {
        let what = format!("{count} requests of {path}");
        let enough = async || (self.count(path) >= count).then(|| self.received(path));
        match wait::until(&what, limit, enough).await {
            Ok(received) => Ok(received),
            Err(error) => bail!("{error}; there were {}", self.count(path)),
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

impl Answers {
    fn to(&mut self, received: &Received) -> Option<Reply> {
        match self {
            Self::InTurn(replies) if replies.len() > 1 => replies.pop_front(),
            Self::InTurn(replies) => replies.front().cloned(),
            Self::By(answer) => Some(answer(received)),
        }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InTurn(replies) => replies.fmt(out),
            Self::By(_) => out.write_str("by a function"),
        }
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
        return Reply::status(400).send().await;
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
        let reply = state.answers.get_mut(&path).and_then(|answers| answers.to(&received));
        state.received.push(received);
        reply
    };
    reply.unwrap_or_else(|| Reply::status(200)).send().await
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
