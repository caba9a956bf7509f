//! The outputs of a gate whose policy was swapped, compared with the swaps: every event once, and each by one policy.

use std::{collections::BTreeSet, fs, path::Path, time::Instant};

use serde_json::Value;
use tempfile::NamedTempFile;
use tidegate_engine::Digest;

use crate::{Delivered, dist, event, next_policy, tidegate, tidegate_with};

/// What the ids of numbered events begin with.
const NAME: &str = "e-";

/// One event in so many is not valid.
const INVALID_EVERY: usize = 20;

/// A policy takes over.
#[derive(Debug)]
pub struct Swap {
    /// Its digest.
    pub digest: String,
    /// It did not decide before this.
    pub begun: Instant,
    /// It decided after this.
    pub over: Instant,
}

/// The versions in which tasks are published, by the policy of the repository and by the one that also knows the next.
const VERSIONS: [&str; 2] = ["1.1", "1.2"];

/// Policies by their digests, and the version in which each publishes events.
#[derive(Debug)]
pub struct Versions(Vec<(String, &'static str)>);

impl Versions {
    /// The two policies, and others that are the same as the first.
    pub fn new<'a>(like_the_first: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let [first, second] = VERSIONS;
        let mut versions = vec![(digest(&builtin()), first), (digest(&next()), second)];
        versions.extend(like_the_first.into_iter().map(|policy| (digest(policy), first)));
        Self(versions)
    }

    /// Fails unless the output is one of the policy that it names.
    pub fn assert_one_policy(&self, output: &Value) {
        let version = self
            .version(output)
            .unwrap_or_else(|| panic!("by an unknown policy: {output:#}"));
        let event = &output["event"];
        assert_eq!(
            event["event_version"], version,
            "not as its policy writes it: {output:#}"
        );
        let priority = event["payload"]["priority"].as_str();
        assert_eq!(priority, (version == "1.2").then_some("NORMAL"), "{output:#}");
        assert!(event["payload"]["new_field"].is_null(), "{output:#}");
    }

    /// Fails unless each policy accepts its own outputs unchanged, and the older one none of the newer's; returns how many
    /// outputs each has.
    pub fn assert_each_accepts_its_own(&self, outputs: &[Value]) -> [usize; 2] {
        let [old, new] = VERSIONS.map(|version| -> Vec<String> {
            let of_it = outputs.iter().filter(|output| self.version(output) == Some(version));
            of_it.map(|output| output["event"].to_string()).collect()
        });
        let next = next_policy().display().to_string();
        assert_unchanged(&apply(&["apply"], &old), &old);
        assert_unchanged(&apply(&["apply", "--policy", &next], &new), &new);
        let refused = apply(&["apply"], &new);
        let rejects = refused.iter().filter(|decided| decided["decision"] == "reject");
        assert_eq!(rejects.count(), new.len(), "1.2 is nothing that 1.1 knows");
        [old.len(), new.len()]
    }

    fn version(&self, output: &Value) -> Option<&'static str> {
        let (_, version) = self.0.iter().find(|(digest, _)| output["policy"] == *digest)?;
        Some(version)
    }
}

fn apply(arguments: &[&str], events: &[String]) -> Vec<Value> {
    let applied = tidegate_with(&[], arguments, (events.join("\n") + "\n").as_bytes());
    let decisions = applied.out.lines();
    decisions
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn assert_unchanged(decisions: &[Value], events: &[String]) {
    assert_eq!(decisions.len(), events.len());
    for (decided, event) in decisions.iter().zip(events) {
        assert_eq!(decided["decision"], "forward", "{decided:#}");
        assert_eq!(decided["outputs"][0]["event"].to_string(), *event);
    }
}

/// The policy of the repository, which publishes tasks as version 1.1.
pub fn builtin() -> Vec<u8> {
    fs::read(dist("policy.wasm")).expect("readable")
}

/// The one that also accepts version 1.2, and publishes tasks in it.
pub fn next() -> Vec<u8> {
    fs::read(next_policy()).expect("readable")
}

/// The policy of the repository with another digest: a custom section is added. It is compiled.
pub fn other_builtin() -> Vec<u8> {
    let mut bytes = builtin();
    bytes.extend(b"\0\x05\x04next");
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), &bytes).expect("writable");
    compile(file.path());
    bytes
}

/// Compiles the two that are swapped.
pub fn compile_both() {
    compile(&dist("policy.wasm"));
    compile(&next_policy());
}

/// Compiles a policy, so that its code is in the cache when it takes over.
fn compile(policy: &Path) {
    let checked = tidegate(&["check", &policy.display().to_string()], b"");
    assert_eq!(checked.code, 0, "{}", checked.err);
}

/// The digest of a policy's file.
pub fn digest(policy: &[u8]) -> String {
    Digest::of(policy).to_string()
}

/// The event with this number: a task of version 1.0, or one that is not valid.
pub fn numbered(number: usize) -> String {
    numbered_as(NAME, number)
}

/// The same with an id that begins otherwise, so that [`Found`] leaves it out.
pub fn numbered_as(name: &str, number: usize) -> String {
    let valid = event(&format!("{name}{number}"));
    if is_valid(number) {
        valid
    } else {
        valid.replace("9007199254740993", r#""soon""#)
    }
}

fn is_valid(number: usize) -> bool {
    number % INVALID_EVERY != INVALID_EVERY - 1
}

/// Outputs and dead letters of numbered events.
#[derive(Debug)]
pub struct Found {
    /// The outputs.
    pub outputs: Vec<Value>,
    letters: Vec<Value>,
}

impl Found {
    /// Of the records of a gate's topics, as `read` finds them.
    pub fn read(read: impl Fn(&str) -> Vec<Value>) -> Self {
        let mut outputs = read("task-events.gated");
        outputs.retain(|output| is_numbered(&output["event"]["event_id"]));
        let mut letters = read("dlq");
        letters.retain(|letter| is_numbered(&letter["event"]["payload"]["event_id"]));
        Self { outputs, letters }
    }

    /// Fails when an event is lost or has the wrong disposition; returns how many came more than once.
    pub fn assert_all(&self, delivered: &[Delivered]) -> usize {
        let numbers = delivered.iter().map(|delivered| delivered.number);
        let (valid, invalid): (BTreeSet<_>, BTreeSet<_>) = numbers.partition(|number| is_valid(*number));
        let ids = |ids: &mut dyn Iterator<Item = &Value>| -> BTreeSet<usize> { ids.map(number_of).collect() };
        let sent = ids(&mut self.outputs.iter().map(|output| &output["event"]["event_id"]));
        let dead = ids(&mut self
            .letters
            .iter()
            .map(|letter| &letter["event"]["payload"]["event_id"]));
        assert_eq!(sent, valid, "every valid event is published");
        assert_eq!(dead, invalid, "every other is a dead letter");
        self.outputs.len() + self.letters.len() - delivered.len()
    }

    /// Fails unless each names a policy that decided while its delivery was in progress. `swaps` in their order.
    pub fn assert_decided_by(&self, delivered: &[Delivered], swaps: &[Swap]) {
        let letters = self.letters.iter();
        let letters = letters.map(|letter| (letter, &letter["event"]["payload"]["event_id"]));
        let outputs = self.outputs.iter().map(|output| (output, &output["event"]["event_id"]));
        for (record, id) in outputs.chain(letters) {
            let delivered = Delivered::find(delivered, number_of(id)).expect("it was delivered");
            let decided = |(at, swap): (usize, &Swap)| {
                let is_retired = swaps.get(at + 1).is_some_and(|next| next.over < delivered.sent);
                record["policy"] == swap.digest && swap.begun <= delivered.taken && !is_retired
            };
            assert!(
                swaps.iter().enumerate().any(decided),
                "by a policy that did not decide then: {record:#}"
            );
        }
    }
}

fn is_numbered(id: &Value) -> bool {
    id.as_str().is_some_and(|id| id.starts_with(NAME))
}

fn number_of(id: &Value) -> usize {
    let number = id.as_str().and_then(|id| id.strip_prefix(NAME)?.parse().ok());
    number.unwrap_or_else(|| panic!("nobody sent {id}"))
}
