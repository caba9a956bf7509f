//! What a gate needs around a policy: its configuration, the components of the sidecar, the topics of Kafka, a page on all of it; and
//! what an editor needs.
//!
//! The files for Dapr and Kafka are those of `deploy/`, which the tests on real services use.

use std::fmt::Write as _;

use tidegate_folder::MANIFEST_SCHEMA;

use super::disk::NewFile;

/// The channel of dead letters, and the topic where `tidegate dlq` looks for them.
const DLQ: &str = "dlq";

/// The largest record of a topic that comes in, of one that goes out, and of dead letters: `deploy/kafka/topics.yaml` says why.
const IN_BYTES: u32 = 1_048_588;
const OUT_BYTES: u32 = 4_259_840;
const DLQ_BYTES: u32 = 12_648_448;

const GATE: &str = include_str!("around/gate.yaml");
const README: &str = include_str!("around/README.md");
const TOPICS: &str = include_str!("../../../../../deploy/kafka/topics.yaml");
const APPLY: &str = include_str!("../../../../../deploy/kafka/apply.sh");
const DAPR: [(&str, &str); 5] = [
    (
        "dapr/pubsub.yaml",
        include_str!("../../../../../deploy/dapr/pubsub.yaml"),
    ),
    (
        "dapr/statestore.yaml",
        include_str!("../../../../../deploy/dapr/statestore.yaml"),
    ),
    (
        "dapr/resiliency.yaml",
        include_str!("../../../../../deploy/dapr/resiliency.yaml"),
    ),
    (
        "dapr/config.yaml",
        include_str!("../../../../../deploy/dapr/config.yaml"),
    ),
    ("dapr/daprd.args", include_str!("../../../../../deploy/dapr/daprd.args")),
];

/// The files around a policy that publishes on these channels.
pub(super) fn files(name: &str, channels: &[String]) -> Vec<NewFile> {
    let mut files = vec![
        NewFile::new("README.md", page(name)),
        NewFile::new("gate.yaml", gate(name, channels)),
        NewFile::new("policy.schema.json", MANIFEST_SCHEMA),
    ];
    files.extend(DAPR.map(|(path, text)| NewFile::new(path, named(text, name))));
    files.push(NewFile::new("kafka/topics.yaml", topics(name, channels)));
    files.push(NewFile {
        is_program: true,
        ..NewFile::new("kafka/apply.sh", APPLY)
    });
    files
}

/// What to do first with a new folder.
pub(super) fn next(name: &str) -> [String; 3] {
    [
        format!("tidegate apply --policy {name} < {name}/events.jsonl"),
        format!("tidegate serve {name}"),
        format!("tidegate send --topic {} < {name}/events.jsonl", input(name)),
    ]
}

/// The topic that the gate reads.
pub(super) fn input(name: &str) -> String {
    format!("{name}-events")
}

/// The topic of a channel.
fn output(name: &str, channel: &str) -> String {
    format!("{name}.{channel}")
}

fn page(name: &str) -> String {
    let [apply, serve, send] = next(name);
    README
        .replace("{apply}", &apply)
        .replace("{serve}", &serve)
        .replace("{send}", &send)
        .replace("{name}", name)
}

fn gate(name: &str, channels: &[String]) -> String {
    let mut text = GATE.replace("{name}", name).replace("{input}", &input(name));
    for channel in channels {
        let _ = writeln!(text, "  {channel}: {{ topic: {} }}", output(name, channel));
    }
    let _ = writeln!(text, "  {DLQ}: {{ topic: {DLQ} }}");
    text
}

/// A file of `deploy/` under the name of the policy: its consumer group and the app that may use it.
fn named(text: &str, name: &str) -> String {
    text.replace("\"tidegate\"", &format!("\"{name}\""))
        .replace("\n- tidegate\n", &format!("\n- {name}\n"))
        .replace("  name: tidegate\n", &format!("  name: {name}\n"))
}

fn topics(name: &str, channels: &[String]) -> String {
    const LIST: &str = "\ntopics:\n";
    let before = TOPICS.split(LIST).next().unwrap_or_default();
    let mut text = format!("{before}{LIST}");
    let outputs = channels.iter().map(|channel| (output(name, channel), OUT_BYTES));
    let topics = [(input(name), IN_BYTES)].into_iter().chain(outputs);
    for (topic, bytes) in topics.chain([(DLQ.to_owned(), DLQ_BYTES)]) {
        let _ = writeln!(text, "  - {{ name: {topic}, max.message.bytes: {bytes} }}");
    }
    text
}
