//! The sinks of the gate: an app that is called through its sidecar, and an address. Both record what they accept, and
//! refuse as the test's rule says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use tidegate_harness::{Cluster, Consumer, Received, Reply, Test, unlucky, wait};
use tidegate_tests::Output;

/// The app's method for the channel `task-events`.
pub(crate) const TASKS: &str = "/tasks";
/// The path for the channel `reminders`.
pub(crate) const REMINDERS: &str = "/reminders";
/// The path for dead letters, where a test wants them here.
pub(crate) const DEAD_LETTERS: &str = "/dead-letters";

/// Retryable failures.
const RETRYABLE: [u16; 4] = [503, 500, 408, 429];

/// A call of a sink, taken or not.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What was sent.
    pub(crate) output: Output,
    /// `tidegateattempt`.
    pub(crate) attempt: u32,
    /// `tidegatepolicy`.
    pub(crate) policy: String,
    /// How many calls there were with this id, with this one.
    pub(crate) number: u32,
    /// When it came.
    pub(crate) at: Instant,
    /// Whether it was answered with 200.
    pub(crate) taken: bool,
}

/// What a sink answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// 200, after a while.
    Take(Duration),
    /// Another status.
    Refuse(u16),
    /// 429, and not before so many seconds.
    Later(u32),
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    /// Absent where the event has no key.
    #[serde(default)]
    subject: String,
    #[serde(default)]
    tidegateattempt: u32,
    tidegatepolicy: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Default)]
struct Desk {
    calls: Vec<Call>,
    taken: usize,
    numbers: HashMap<String, u32>,
    unreadable: Vec<String>,
}

/// The running sinks.
pub(crate) struct Sinks {
    consumer: Consumer,
    app_id: String,
    desk: Arc<Mutex<Desk>>,
}

impl Sinks {
    /// Sinks that answer by a rule.
    pub(crate) async fn start(
        test: &Test<Cluster>,
        rule: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        // Sidecars find it by its id in the whole network: another run of this test must not be found.
        let app_id = format!("{}-sink-{}", test.id, std::process::id());
        let consumer = Consumer::start(&test.services, &test.dir, &app_id).await?;
        let desk = Arc::new(Mutex::new(Desk::default()));
        let rule = Arc::new(rule);
        for path in [TASKS, REMINDERS, DEAD_LETTERS] {
            let (desk, rule) = (desk.clone(), rule.clone());
            consumer
                .app
                .answer_with(path, move |received| lock(&desk).answer(path, received, &*rule));
        }
        Ok(Self { consumer, app_id, desk })
    }

    /// The app's id, to be called by.
    pub(crate) fn app_id(&self) -> &str {
        &self.app_id
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.consumer.app.port())
    }

    /// How many calls were answered with 200.
    pub(crate) fn taken(&self) -> usize {
        lock(&self.desk).taken
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> usize {
        lock(&self.desk).calls.len()
    }

    /// What was taken.
    pub(crate) fn outputs(&self) -> Vec<Output> {
        let desk = lock(&self.desk);
        let taken = desk.calls.iter().filter(|call| call.taken);
        taken.map(|call| call.output.clone()).collect()
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.desk).calls.clone()
    }

    /// The calls with an id.
    pub(crate) fn calls_of(&self, id: &str) -> Vec<Call> {
        let desk = lock(&self.desk);
        desk.calls.iter().filter(|call| call.output.id == id).cloned().collect()
    }

    /// What came and was no envelope.
    pub(crate) fn unreadable(&self) -> Vec<String> {
        lock(&self.desk).unreadable.clone()
    }

    /// Waits until so many calls were answered with 200.
    pub(crate) async fn wait_taken(&self, count: usize, limit: Duration) -> Result<()> {
        wait::until(&format!("{count} events to be taken"), limit, async || {
            (self.taken() >= count).then_some(())
        })
        .await
        .with_context(|| format!("there were {}", self.taken()))
    }
}

impl Desk {
    fn answer(&mut self, path: &'static str, received: &Received, rule: &dyn Fn(&Call) -> Answer) -> Reply {
        let envelope: Envelope<'_> = match serde_json::from_slice(&received.body) {
            Ok(envelope) => envelope,
            Err(error) => {
                self.unreadable.push(format!("{path}: {error}"));
                return Reply::status(400);
            }
        };
        let number = self.numbers.entry(envelope.id.clone()).or_default();
        *number += 1;
        let mut call = Call {
            attempt: envelope.tidegateattempt,
            policy: envelope.tidegatepolicy,
            number: *number,
            at: received.at,
            taken: false,
            output: Output {
                id: envelope.id,
                event_type: envelope.event_type,
                key: envelope.subject,
                data: envelope.data.get().as_bytes().to_vec(),
            },
        };
        let reply = match rule(&call) {
            Answer::Take(delay) => {
                call.taken = true;
                self.taken += 1;
                Reply::status(200).after(delay)
            }
            Answer::Refuse(status) => Reply::text(status, "not now"),
            Answer::Later(seconds) => Reply::status(429).header("retry-after", &seconds.to_string()),
        };
        self.calls.push(call);
        reply
    }
}

/// Takes everything at once.
pub(crate) fn take(_: &Call) -> Answer {
    Answer::Take(Duration::ZERO)
}

/// Refuses three calls of a hundred, always the same ones, with any retryable status.
pub(crate) fn three_percent_fail(call: &Call) -> Answer {
    let number = call.number as usize;
    if unlucky(4, &format!("{}/{number}", call.output.id), 3) {
        Answer::Refuse(RETRYABLE[(number + call.output.data.len()) % RETRYABLE.len()])
    } else {
        take(call)
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
