//! Events a second through a real daprd: daprd alone with an app that publishes each event onward, and the gate in the
//! app's place, with and without idempotency. Same broker, same topics of 12 partitions, one after the other in one run.
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tidegate_harness::{
    Availability, Cluster, Daprd, Dir, Gate, Record, Services, Topics, free_port, repository, shipped, wait,
};
use tokio::net::TcpListener;

const ROUNDS: usize = 3;
/// Events before those that are counted: everything is connected and compiled then.
const WARM_UP: usize = 600;
const EVENTS: usize = 20_000;
const PARTITIONS: i32 = 12;
const LIMIT: Duration = Duration::from_mins(3);
const WAYS: [(Way, &str); 3] = [
    (Way::Alone, "daprd alone"),
    (Way::Gate { idempotency: false }, "the gate, `idempotency: false`"),
    (Way::Gate { idempotency: true }, "the gate, idempotency on (Redis)"),
];

#[derive(Clone, Copy)]
enum Way {
    Alone,
    Gate { idempotency: bool },
}

#[tokio::main]
async fn main() -> Result<()> {
    let services = match Services::ensure(&mut |line| eprintln!("{line}"))? {
        Availability::Ready(services) => *services,
        Availability::Unavailable(reason) => bail!("it cannot be measured here: {reason}"),
    };
    let dir = Dir::new("throughput")?;
    let cluster = Cluster::start(&services, &dir).await?;
    let mut rates: [Vec<f64>; WAYS.len()] = Default::default();
    for round in 1..=ROUNDS {
        for (number, (way, name)) in WAYS.into_iter().enumerate() {
            let run = Run {
                cluster: &cluster,
                services: &services,
                id: format!("throughput-{round}-{number}"),
            };
            let rate = run.measure(way).await.with_context(|| name)?;
            eprintln!("round {round}: {name}: {rate:.0} events/s");
            rates[number].push(rate);
        }
    }
    println!("| {EVENTS} events, {PARTITIONS} partitions | events/s (median of {ROUNDS}) | of the ceiling | rounds |");
    println!("|---|---:|---:|---|");
    let ceiling = median(&rates[0]);
    for ((_, name), rates) in WAYS.iter().zip(&rates) {
        let rounds: Vec<_> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
        let median = median(rates);
        let share = 100.0 * median / ceiling;
        println!("| {name} | {median:.0} | {share:.0} % | {} |", rounds.join(", "));
    }
    Ok(())
}

/// One way, once, with names of its own.
struct Run<'a> {
    cluster: &'a Cluster,
    services: &'a Services,
    id: String,
}

impl Run<'_> {
    async fn measure(&self, way: Way) -> Result<f64> {
        let dir = Dir::new(&self.id)?;
        let kafka = &self.cluster.kafka;
        kafka.apply(&Topics::shipped()?, "local", &self.topic("")).await?;
        let port = free_port();
        let daprd = Daprd::new(&self.id)
            .app_port(port)
            .scheduler(&self.cluster.scheduler)
            .component(shipped::pubsub(kafka, &self.id, &self.id)?)
            .component(shipped::statestore(self.cluster.redis()?, &self.id)?)
            .component(shipped::resiliency(&self.id)?)
            .shipped()?
            .start(self.services, &dir)
            .await?;
        let _app = match way {
            Way::Alone => App::Onward(self.onward(port, daprd.port()).await?),
            Way::Gate { idempotency } => {
                let env = [("DAPR_HTTP_PORT", &*daprd.port().to_string())];
                let config = self.config(port, idempotency);
                App::Gate(Box::new(Gate::start(&dir, port, &config, &env).await?))
            }
        };
        daprd.wait_subscribed().await?;
        self.produce(0, WARM_UP).await?;
        self.wait_out(WARM_UP).await?;
        self.produce(WARM_UP, EVENTS).await?;
        // What is in progress already is not counted.
        let begun = self.wait_out(WARM_UP + EVENTS / 10).await?;
        let started = Instant::now();
        let all = self.wait_out(WARM_UP + EVENTS).await?;
        let took = started.elapsed();
        ensure!(all == WARM_UP + EVENTS, "{all} outputs of {} events", WARM_UP + EVENTS);
        Ok(f64::from(u32::try_from(all - begun)?) / took.as_secs_f64())
    }

    async fn produce(&self, first: usize, count: usize) -> Result<()> {
        let record = |number: usize| {
            let mut record = Record::new(event(&format!("{}-{number}", self.id))).key(format!("user-{}", number % 100));
            record.partition = i32::try_from(number).ok().map(|number| number % PARTITIONS);
            record
        };
        let records = (first..first + count).map(record).collect();
        self.cluster
            .kafka
            .produce_all(&self.topic("task-events"), records)
            .await?;
        Ok(())
    }

    /// Waits for so many outputs; says how many there are then.
    async fn wait_out(&self, count: usize) -> Result<usize> {
        let topic = self.topic("task-events.gated");
        wait::until(&format!("{count} outputs"), LIMIT, async || {
            let found = self.cluster.kafka.count(&topic).await.ok()?;
            (found >= count).then_some(found)
        })
        .await
    }

    fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.id)
    }

    fn config(&self, port: u16, idempotency: bool) -> String {
        let topic = |name| self.topic(name);
        format!(
            "listen: 127.0.0.1:{port}
admin: {{ listen: null }}
backend: dapr
policy: {{ path: {:?} }}
subscriptions: [{{ name: task-events, topic: {}, idempotency: {idempotency} }}]
channels:
  task-events: {{ topic: {} }}
  reminders: {{ topic: {} }}
  dlq: {{ topic: {} }}
  ops-alerts: {{ topic: {} }}
  user-alerts: {{ topic: {} }}
",
            repository().join("dist/policy.wasm").display().to_string(),
            topic("task-events"),
            topic("task-events.gated"),
            topic("reminders.gated"),
            topic("dlq"),
            topic("ops-alerts"),
            topic("user-alerts"),
        )
    }

    /// An app that publishes each event onward and then acknowledges it: what any consumer must do at least.
    async fn onward(&self, port: u16, sidecar: u16) -> Result<tokio::task::JoinHandle<()>> {
        let topic = self.topic("task-events");
        let subscriptions = json!([{
            "pubsubname": "kafka-pubsub", "topic": topic, "metadata": {"rawPayload": "true"},
            "routes": {"default": "/deliver"},
        }]);
        let onward = Onward {
            client: reqwest::Client::new(),
            url: format!("http://127.0.0.1:{sidecar}/v1.0/publish/kafka-pubsub/{topic}.gated"),
        };
        let router = Router::new()
            .route("/dapr/subscribe", get(async move || Json(subscriptions)))
            .route("/readyz", get(async || StatusCode::OK))
            .route("/deliver", post(deliver))
            .with_state(Arc::new(onward));
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        Ok(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the app: {error}");
            }
        }))
    }
}

/// What stands behind the sidecar; ends with it.
#[allow(dead_code, reason = "kept until the measurement is over")]
enum App {
    Onward(tokio::task::JoinHandle<()>),
    Gate(Box<Gate>),
}

impl Drop for App {
    fn drop(&mut self) {
        if let Self::Onward(task) = self {
            task.abort();
        }
    }
}

struct Onward {
    client: reqwest::Client,
    url: String,
}

async fn deliver(State(onward): State<Arc<Onward>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match onward.publish(&headers, &body).await {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            eprintln!("the app: {error:#}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl Onward {
    async fn publish(&self, headers: &HeaderMap, body: &[u8]) -> Result<()> {
        let envelope: Value = serde_json::from_slice(body)?;
        let event = BASE64_STANDARD.decode(envelope["data_base64"].as_str().context("no raw payload")?)?;
        let key = headers
            .get("__key")
            .and_then(|key| key.to_str().ok())
            .unwrap_or_default();
        let request = self
            .client
            .post(&self.url)
            .query(&[("metadata.partitionKey", key), ("metadata.rawPayload", "true")])
            .header("content-type", "application/octet-stream")
            .body(event);
        let answer = request.send().await?;
        ensure!(answer.status() == 204, "{}", answer.status());
        Ok(())
    }
}

fn event(id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","event_type":"task.created","event_version":"1.0","task_id":42,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{"title":"Water the plants","due_date":"2026-03-02T18:00:00+01:00"}}}}"#
    )
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
