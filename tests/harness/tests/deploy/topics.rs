//! The topics exist as they are written, whatever applies them, and their sizes fit those of the component and of the sidecar.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tidegate_harness::{Cluster, Component, Kafka, Suite, Test, Topics, repository};

const DESCRIBE: &str = "org.apache.kafka.tools.TopicCommand";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("every topic exists as topics.yaml says", applied)
        .test(
            "apply.sh makes the same topics, and corrects one that differs",
            by_script,
        )
        .test(
            "apply.sh refuses an environment that is not in the file",
            no_such_environment,
        )
        .test("in the cloud topics keep 30 days on three brokers", cloud)
        .test(
            "what the component sends fits the dead-letter topic and the sidecar",
            sizes,
        )
}

async fn applied(test: Test<Cluster>) -> Result<()> {
    let (kafka, topics) = (&test.shared.kafka, Topics::shipped()?);
    let prefix = format!("{}.", test.id);
    kafka.apply(&topics, "local", &prefix).await?;
    let found = described(&kafka.tool(DESCRIBE, &["--describe"]).await?);
    check(&found, &topics, "local", &prefix)?;
    let again = kafka.apply(&topics, "local", &prefix).await;
    ensure!(again.is_err_and(|error| error.to_string().contains("already exists")));
    Ok(())
}

async fn by_script(test: Test<Cluster>) -> Result<()> {
    // A broker of its own: the script knows no prefix.
    let kafka = Kafka::start(&test.services, &test.dir).await?;
    kafka.create_topic("dlq", 12).await?;
    let printed = script(&kafka, "local").await?;
    ensure!(printed.0, "{}", printed.1);
    let found = described(&kafka.tool(DESCRIBE, &["--describe"]).await?);
    check(&found, &Topics::shipped()?, "local", "")
}

async fn no_such_environment(test: Test<Cluster>) -> Result<()> {
    let (succeeded, printed) = script(&test.shared.kafka, "moon").await?;
    ensure!(!succeeded && printed.contains("no environment moon"), "{printed}");
    Ok(())
}

async fn script(kafka: &Kafka, environment: &str) -> Result<(bool, String)> {
    let mut script = Command::new(repository().join("deploy/kafka/apply.sh"));
    script
        .args([environment, &kafka.address()])
        .env("KAFKA_BIN", kafka.commands()?);
    let output = tokio::task::spawn_blocking(move || script.output()).await??;
    let printed = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&printed).into_owned()))
}

/// One topic as Kafka describes it: `Topic: t  TopicId: …  PartitionCount: 12  ReplicationFactor: 1  Configs: a=1,b=2`.
type Described = BTreeMap<String, BTreeMap<String, String>>;

fn described(text: &str) -> Described {
    let topics = text.lines().filter(|line| line.starts_with("Topic: "));
    let fields = topics.map(|line| {
        let fields = line.split('\t').filter_map(|field| field.trim().split_once(": "));
        let mut fields: BTreeMap<_, _> = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let configs = fields.remove("Configs").unwrap_or_default();
        fields.extend(
            configs
                .split(',')
                .filter_map(|config| config.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        fields
    });
    fields
        .map(|fields| (fields.get("Topic").cloned().unwrap_or_default(), fields))
        .collect()
}

fn check(found: &Described, topics: &Topics, environment: &str, prefix: &str) -> Result<()> {
    for topic in &topics.topics {
        let name = format!("{prefix}{}", topic.name);
        let found = found.get(&name).with_context(|| format!("no {name} in {found:?}"))?;
        let mut expected = topics.settings(environment, topic)?;
        let replication = topics.environment(environment)?.replication_factor;
        expected.insert("PartitionCount".into(), topics.partitions.to_string());
        expected.insert("ReplicationFactor".into(), replication.to_string());
        for (key, value) in expected {
            ensure!(
                found.get(&key) == Some(&value),
                "{name}: {key} is {:?}, not {value}",
                found.get(&key)
            );
        }
    }
    Ok(())
}

async fn cloud(_test: Test<Cluster>) -> Result<()> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let topics = Topics::shipped()?;
    let (local, cloud) = (topics.environment("local")?, topics.environment("cloud")?);
    assert_eq!(topics.partitions, 12);
    assert_eq!((local.retention_ms, cloud.retention_ms), (7 * DAY, 30 * DAY));
    assert_eq!((local.replication_factor, cloud.replication_factor), (1, 3));
    assert_eq!((local.min_insync_replicas, cloud.min_insync_replicas), (1, 2));
    Ok(())
}

async fn sizes(_test: Test<Cluster>) -> Result<()> {
    let topics = Topics::shipped()?;
    for file in ["deploy/dapr/pubsub.yaml", "deploy/dapr/retry-topics/kafka-retry.yaml"] {
        let record: u64 = value(&Component::from_file(file, &[])?.yaml, "maxMessageBytes")?.parse()?;
        for topic in topics
            .topics
            .iter()
            .filter(|topic| topic.name == "dlq" || topic.name.starts_with("retry."))
        {
            assert_eq!(topic.max_message_bytes, record + (64 << 10), "{file}, {}", topic.name);
        }
        let args = std::fs::read_to_string(repository().join("deploy/dapr/daprd.args"))?;
        let body = args
            .lines()
            .find_map(|line| line.strip_prefix("--max-body-size=")?.strip_suffix("Mi"));
        let body: u64 = body.context("--max-body-size in MiB")?.parse()?;
        assert!(body << 20 > record, "{file}");
    }
    Ok(())
}

fn value<'a>(yaml: &'a str, key: &str) -> Result<&'a str> {
    let mut lines = yaml
        .lines()
        .skip_while(|line| *line != format!("  - name: {key}"))
        .skip(1);
    let value = lines
        .next()
        .and_then(|line| line.trim().strip_prefix("value: \"")?.strip_suffix('"'));
    value.with_context(|| format!("no {key}"))
}
