//! Deliveries over HTTP at a constant rate, as a sidecar makes them: one that is not acknowledged is redelivered until it
//! is.
//! Knows nothing of policies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use tidegate_harness::wait;
use tokio::task::JoinSet;

/// The pause before a redelivery.
const PAUSE: Duration = Duration::from_millis(20);

/// A delivery that was acknowledged.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Counts from 0. Some are missing among the last ones, since connections do not stop at the same one.
    pub number: usize,
    /// When it should have been sent. Where it waited for the one before it on its connection, that counts.
    pub due: Instant,
    /// When it was sent, for the first time.
    pub sent: Instant,
    /// When it was answered with SUCCESS.
    pub taken: Instant,
    /// The answer each time that it was not acknowledged.
    pub refusals: Vec<String>,
}

impl Delivered {
    /// The one with this number, in what [`Deliveries::stop`] gives.
    pub fn find(sorted: &[Self], number: usize) -> Option<&Self> {
        let found = sorted.binary_search_by_key(&number, |delivered| delivered.number);
        sorted.get(found.ok()?)
    }

    /// From when it should have been sent until it was acknowledged.
    pub fn latency(&self) -> Duration {
        self.taken.saturating_duration_since(self.due)
    }
}

/// Deliveries in progress.
#[derive(Debug)]
pub struct Deliveries {
    shared: Arc<Shared>,
    connections: JoinSet<Vec<Delivered>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    taken: AtomicUsize,
}

impl Deliveries {
    /// Posts the event of each number to `url`: so many a second, or as many as are acknowledged when `rate` is `None`.
    pub fn start(
        url: &str,
        rate: Option<f64>,
        connections: usize,
        event: impl Fn(usize) -> String + Send + Sync + 'static,
    ) -> Self {
        let (shared, event) = (Arc::new(Shared::default()), Arc::new(event));
        let client = Client::new();
        let started = Instant::now();
        let mut running = JoinSet::new();
        for first in 0..connections {
            let (client, url, event, shared) = (client.clone(), url.to_owned(), event.clone(), shared.clone());
            running.spawn(async move {
                let mut delivered = Vec::new();
                let mut number = first;
                while !shared.stopped.load(Ordering::Relaxed) {
                    let due = match rate {
                        Some(rate) => awaited(started + interval(number, rate)).await,
                        None => Instant::now(),
                    };
                    delivered.push(deliver(&client, &url, number, &event(number), due).await);
                    shared.taken.fetch_add(1, Ordering::Relaxed);
                    number += connections;
                }
                delivered
            });
        }
        Self {
            shared,
            connections: running,
        }
    }

    /// How many were acknowledged so far.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// Waits until so many more are acknowledged.
    pub async fn more(&self, count: usize) {
        let wanted = self.taken() + count;
        let taken = async || (self.taken() >= wanted).then_some(());
        let more = wait::until("deliveries to be acknowledged", wait::PATIENCE, taken).await;
        more.unwrap_or_else(|error| panic!("{error}: {} of {wanted}", self.taken()));
    }

    /// Waits for those in progress; returns all of them, sorted by number.
    pub async fn stop(self) -> Vec<Delivered> {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let mut delivered = self.connections.join_all().await.concat();
        delivered.sort_unstable_by_key(|delivered| delivered.number);
        delivered
    }
}

async fn deliver(client: &Client, url: &str, number: usize, event: &str, due: Instant) -> Delivered {
    let sent = Instant::now();
    let mut refusals = Vec::new();
    while let Err(refusal) = post(client, url, event).await {
        refusals.push(refusal);
        tokio::time::sleep(PAUSE).await;
    }
    Delivered {
        number,
        due,
        sent,
        taken: Instant::now(),
        refusals,
    }
}

async fn post(client: &Client, url: &str, event: &str) -> Result<(), String> {
    let answer = client.post(url).body(event.to_owned()).send().await;
    let answer = answer.map_err(|error| format!("no answer: {error}"))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .map_err(|error| format!("half an answer: {error}"))?;
    if status.is_success() && text.contains("SUCCESS") {
        Ok(())
    } else {
        Err(format!("{status}: {text}"))
    }
}

/// Waits until a time and returns when that was; a time that has passed is returned as it is.
async fn awaited(at: Instant) -> Instant {
    if at <= Instant::now() {
        return at;
    }
    tokio::time::sleep_until(at.into()).await;
    Instant::now()
}

#[allow(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 deliveries")]
fn interval(number: usize, rate: f64) -> Duration {
    Duration::from_secs_f64(number as f64 / rate)
}
