//! The gate on everything that is shipped at once.

use anyhow::{Result, ensure};
use tidegate_harness::{
    Cluster, Component, Daprd, Gate, Record, Suite, Test, Topics, free_port, repository, shipped, wait,
};

const EVENT: &str = r#"{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":1,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{"title":"Water the plants"}}"#;

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite.test("a gate on all shipped files takes an event in and sends it on", through)
}

async fn through(test: Test<Cluster>) -> Result<()> {
    let kafka = &test.shared.kafka;
    let redis = test.shared.redis()?;
    let prefix = format!("{}.", test.id);
    kafka.apply(&Topics::shipped()?, "local", &prefix).await?;
    let port = free_port();
    // It may lie among the resources, as it does in deploy/dapr.
    let config = Component {
        name: "config".to_owned(),
        ..Component::from_file("deploy/dapr/config.yaml", &[])?
    };
    let daprd = Daprd::new(&test.id)
        .app_port(port)
        .component(config)
        .component(shipped::kafka_retry(kafka, &format!("{}-retry", test.id), &test.id)?)
        .scheduler(&test.shared.scheduler)
        .component(shipped::pubsub(kafka, &test.id, &test.id)?)
        .component(shipped::statestore(redis, &test.id)?)
        .component(shipped::resiliency(&test.id)?)
        .shipped()?;
    let daprd = daprd.start(&test.services, &test.dir).await?;
    let config = format!(
        "listen: 127.0.0.1:{port}
backend: dapr
policy: {{ path: {policy:?} }}
subscriptions: [{{ name: task-events, topic: {prefix}task-events }}]
channels:
  task-events: {{ topic: {prefix}task-events.gated }}
  reminders: {{ topic: {prefix}reminders.gated }}
  dlq: {{ topic: {prefix}dlq }}
  ops-alerts: {{ topic: {prefix}ops-alerts }}
  user-alerts: {{ topic: {prefix}user-alerts }}
",
        policy = repository().join("dist/policy.wasm").display().to_string()
    );
    let env = [("DAPR_HTTP_PORT", &*daprd.port().to_string())];
    let _gate = Gate::start(&test.dir, port, &config, &env).await?;

    let topic = format!("{prefix}task-events");
    for value in [EVENT, "not an event"] {
        kafka.produce(&topic, Record::new(value).key("user-1")).await?;
    }
    let out = kafka.wait_for(&format!("{topic}.gated"), 1, wait::PATIENCE).await?;
    ensure!(out[0].key_text() == Some("user-1"), "{out:?}");
    ensure!(out[0].json()?["id"] == "e-1", "{out:?}");
    kafka.wait_for(&format!("{prefix}dlq"), 1, wait::PATIENCE).await?;
    Ok(())
}
