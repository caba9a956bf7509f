//! The gate on everything that is shipped at once.

use std::time::Duration;

use anyhow::{Result, ensure};
use tidegate_harness::{
    Cluster, Component, Daprd, Gate, Proxy, Record, RunningDaprd, Stored, Suite, Test, Topics, free_port, repository,
    shipped,
};

/// With an id of the test's own: all gates on one Redis know the same ids.
fn event(test: &Test<Cluster>) -> String {
    let id = &test.id;
    format!(
        r#"{{"event_id":"{id}","event_type":"task.created","task_id":1,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{{}}}}"#
    )
}

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("a gate on all shipped files takes events in and sends them on", through)
        .test(
            "a gate killed between receipt and publish sends the event after its restart",
            killed,
        )
}

/// A gate and its sidecar, with a proxy from the one to the other.
struct Stack {
    gate: Gate,
    proxy: Proxy,
    _daprd: RunningDaprd,
    prefix: String,
}

impl Stack {
    async fn start(test: &Test<Cluster>) -> Result<Self> {
        let kafka = &test.shared.kafka;
        let redis = test.shared.redis()?;
        let prefix = format!("{}.", test.id);
        kafka.apply(&Topics::shipped()?, "local", &prefix).await?;
        // It may lie among the resources, as it does in deploy/dapr.
        let config = Component {
            name: "config".to_owned(),
            ..Component::from_file("deploy/dapr/config.yaml", &[])?
        };
        let port = free_port();
        let daprd = Daprd::new(&test.id)
            .app_port(port)
            .scheduler(&test.shared.scheduler)
            .component(config)
            .component(shipped::pubsub(kafka, &test.id, &test.id)?)
            .component(shipped::kafka_retry(kafka, &format!("{}-retry", test.id), &test.id)?)
            .component(shipped::statestore(redis, &test.id)?)
            .component(shipped::resiliency(&test.id)?)
            .shipped()?;
        let daprd = daprd.start(&test.services, &test.dir).await?;
        let proxy = Proxy::start(daprd.port()).await?;
        let env = [
            ("DAPR_HTTP_PORT", &*proxy.port().to_string()),
            // Others may have the default.
            ("TIDEGATE_ADMIN__LISTEN", "127.0.0.1:0"),
        ];
        let gate = Gate::start(&test.dir, port, &config_of_gate(port, &prefix), &env).await?;
        Ok(Self {
            gate,
            proxy,
            _daprd: daprd,
            prefix,
        })
    }

    async fn produce(&self, test: &Test<Cluster>, value: &str) -> Result<()> {
        let topic = format!("{}task-events", self.prefix);
        test.shared
            .kafka
            .produce(&topic, Record::new(value).key("user-1"))
            .await?;
        Ok(())
    }

    async fn arrived(&self, test: &Test<Cluster>, topic: &str) -> Result<Stored> {
        let topic = format!("{}{topic}", self.prefix);
        let mut records = test.shared.kafka.wait_for(&topic, 1, Duration::from_mins(1)).await?;
        ensure!(records.len() == 1, "{records:?}");
        Ok(records.remove(0))
    }
}

fn config_of_gate(port: u16, prefix: &str) -> String {
    format!(
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
claims: {{ lease_ms: 1000 }}
",
        policy = repository().join("dist/policy.wasm").display().to_string()
    )
}

async fn through(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::start(&test).await?;
    stack.produce(&test, &event(&test)).await?;
    stack.produce(&test, "not an event").await?;
    let out = stack.arrived(&test, "task-events.gated").await?;
    ensure!(out.key_text() == Some("user-1"), "{out:?}");
    ensure!(out.json()?["id"] == *test.id, "{out:?}");
    stack.arrived(&test, "dlq").await?;
    Ok(())
}

async fn killed(test: Test<Cluster>) -> Result<()> {
    let stack = Stack::start(&test).await?;
    stack.proxy.hold_requests("POST /v1.0/publish/");
    stack.produce(&test, &event(&test)).await?;
    stack.proxy.wait_held().await?;
    stack.gate.process().kill9();
    stack.proxy.cut();
    let out = format!("{}task-events.gated", stack.prefix);
    ensure!(
        test.shared.kafka.count(&out).await? == 0,
        "killed before it was published"
    );
    // Only now, when what was held is gone with its connection: let go at once, it could still be passed on.
    stack.proxy.release();
    stack.gate.process().restart().await?;
    let out = stack.arrived(&test, "task-events.gated").await?;
    ensure!(out.json()?["id"] == *test.id, "{out:?}");
    Ok(())
}
