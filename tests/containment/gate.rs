//! A gate with a hostile policy: it keeps the events, and publishes them when a good policy takes over.

use std::{collections::BTreeSet, fs, path::PathBuf};

use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;
use tidegate_harness::wait;
use tidegate_tests::{SqliteGate, event};

use super::given::{another_contract, bytes};

const EVENTS: usize = 12;
/// Memory that a gate may use while a policy does its worst: the limits keep it far below.
const RESIDENT: u64 = 700 << 20;

/// Leases that end soon, and quick retries.
const QUICK: [(&str, &str); 2] = [
    ("TIDEGATE_RETRIES__SCALE", "0.05"),
    ("TIDEGATE_CLAIMS__LEASE_MS", "300"),
];

/// A policy's file that can be replaced.
struct PolicyFile {
    dir: TempDir,
    path: PathBuf,
}

impl PolicyFile {
    fn holding(policy: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let file = Self {
            path: dir.path().join("policy.wasm"),
            dir,
        };
        file.put(policy);
        file
    }

    fn put(&self, policy: &[u8]) {
        let new = self.dir.path().join("policy.tmp");
        fs::write(&new, policy).expect("writable");
        fs::rename(new, &self.path).expect("renamed");
    }

    fn env(&self) -> Vec<(&str, &str)> {
        let mut env = QUICK.to_vec();
        env.push(("TIDEGATE_POLICY", self.path.to_str().expect("a path that is text")));
        env
    }
}

async fn until(what: &str, gate: &SqliteGate, mut is_so: impl AsyncFnMut() -> bool) {
    let so = async || is_so().await.then_some(());
    if let Err(error) = wait::until(what, wait::PATIENCE, so).await {
        panic!("{error}\n{}", gate.log());
    }
}

fn send(gate: &SqliteGate) {
    let events: String = (0..EVENTS).map(|number| event(&format!("e-{number}")) + "\n").collect();
    gate.send("task-events", events.as_bytes());
}

/// Fails unless a good policy publishes every event, once, and none is dead-lettered.
async fn assert_nothing_is_lost(gate: &SqliteGate, file: &PolicyFile) {
    file.put(&bytes("calm"));
    until("all events to be published", gate, async || {
        gate.read("task-events.gated").len() >= EVENTS
    })
    .await;
    let published = gate.read("task-events.gated");
    let ids: BTreeSet<_> = published.iter().map(|record| record["id"].to_string()).collect();
    assert_eq!((ids.len(), published.len()), (EVENTS, EVENTS), "each once");
    assert_eq!(gate.read("dlq"), Vec::<Value>::new(), "none is dead-lettered");
}

#[rstest]
#[case("loops", "deadline")]
#[case("never-yields", "deadline")]
#[case("waits", "deadline")]
#[case("measures-time", "deadline")]
#[case("asks-the-time", "deadline")]
#[case("talks", "deadline")]
#[case("grows-memory", "deadline")]
#[case("recurses", "stack")]
#[case("eats-memory", "memory")]
#[case("hoards-handles", "memory")]
#[case("floods", "output")]
#[case("not-utf8", "answer")]
#[case("wild-pointer", "answer")]
#[case("no-such-case", "answer")]
#[case("asks-for-randomness", "answer")]
#[case("exits", "trap")]
#[case("not-json", "not-json")]
#[case("no-id", "no-id")]
#[case("stray", "unbound-channel")]
#[tokio::test]
async fn no_harm_costs_an_event(#[case] name: &str, #[case] kind: &str) {
    let file = PolicyFile::holding(&bytes(name));
    let mut env = file.env();
    if kind != "deadline" {
        // A busy machine must not make it one.
        env.push(("TIDEGATE_LIMITS__DEADLINE_MS", "60000"));
    }
    let gate = SqliteGate::start_with(name, "", &env).await;
    send(&gate);
    let counter = format!(r#"tidegate_policy_faults_total{{kind="{kind}"}}"#);
    until("the policy to fault", &gate, async || gate.counted(&counter).await >= 3).await;
    assert_eq!(
        gate.read("task-events.gated"),
        Vec::<Value>::new(),
        "nothing is published"
    );
    let resident = gate.process().resident_bytes().expect("it runs");
    assert!(resident < RESIDENT, "the gate takes {} MiB", resident >> 20);
    assert_nothing_is_lost(&gate, &file).await;
}

#[rstest]
#[case::files(
    "reads-files",
    bytes("reads-files"),
    "it cannot be loaded: the policy imports wasi:filesystem/"
)]
#[case::sockets(
    "opens-sockets",
    bytes("opens-sockets"),
    "it cannot be loaded: the policy imports wasi:sockets/"
)]
#[case::another_contract(
    "another-contract",
    another_contract(),
    "it cannot be loaded: the policy speaks version 0.3.0 of the contract tidegate:policy, and this host speaks 0.2.0"
)]
#[case::traps_in_prepare(
    "traps-in-prepare",
    bytes("traps-in-prepare"),
    "it cannot be loaded: the policy could not be prepared"
)]
#[case::loops_in_prepare(
    "loops-in-prepare",
    bytes("loops-in-prepare"),
    "it cannot be loaded: the policy could not be prepared"
)]
#[case::fills_in_prepare(
    "fills-in-prepare",
    bytes("fills-in-prepare"),
    "it cannot be loaded: it is no policy: memory allocation of 1048576 bytes failed"
)]
#[case::floods_catalog(
    "floods-catalog",
    bytes("floods-catalog"),
    "it cannot be loaded: the policy loads, but cannot say what it knows"
)]
#[tokio::test]
async fn a_gate_that_starts_with_what_is_no_policy_processes_nothing_and_says_why(
    #[case] name: &str,
    #[case] policy: Vec<u8>,
    #[case] says: &str,
) {
    let file = PolicyFile::holding(&policy);
    let gate = SqliteGate::start_alive(name, "", &file.env()).await;
    send(&gate);
    until("the file to be refused", &gate, async || {
        let answer = reqwest::get(gate.admin_url("/admin/revisions")).await;
        let found: Value = answer.expect("an answer").json().await.expect("JSON");
        found["reload"]["why"].as_str().is_some_and(|why| why.starts_with(says))
    })
    .await;
    let ready = reqwest::get(gate.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        gate.read("task-events")
            .iter()
            .all(|record| record["delivery"].is_null())
    );
    assert_nothing_is_lost(&gate, &file).await;
}
