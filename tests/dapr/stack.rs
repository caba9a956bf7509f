//! A gate with its sidecar, and topics that no other test uses. Knows no event.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use tidegate_harness::{Cluster, Component, Daprd, Gate, RunningDaprd, Stored, Test, component, free_port};
use tidegate_tests::dist;

/// A gate with its sidecar, and topics that no other test uses.
pub(crate) struct Stack<'a> {
    test: &'a Test<Cluster>,
    pub(crate) gate: Gate,
    pub(crate) daprd: RunningDaprd,
}

impl<'a> Stack<'a> {
    pub(crate) async fn start(test: &'a Test<Cluster>, config: &str) -> Result<Self> {
        Self::start_with(test, config, component::memory_state("statestore")).await
    }

    pub(crate) async fn start_with(test: &'a Test<Cluster>, config: &str, state: Component) -> Result<Self> {
        Self::start_with_token(test, config, state, "").await
    }

    /// With a token that the sidecar asks for; empty: it asks for none.
    pub(crate) async fn start_with_token(
        test: &'a Test<Cluster>,
        config: &str,
        state: Component,
        token: &str,
    ) -> Result<Self> {
        Self::start_on(test, dist("policy.wasm"), config, state, token).await
    }

    /// On another policy.
    pub(crate) async fn start_on(
        test: &'a Test<Cluster>,
        policy: PathBuf,
        config: &str,
        state: Component,
        token: &str,
    ) -> Result<Self> {
        let kafka = &test.shared.kafka;
        for topic in ["in", "out", "dlq", "ops"] {
            kafka.create_topic(&topic_of(test, topic), 3).await?;
        }
        let port = free_port();
        let topic = |name| topic_of(test, name);
        let config = format!(
            "listen: 127.0.0.1:{port}
admin: {{ listen: \"127.0.0.1:0\" }}
backend: dapr
policy: {{ path: {:?} }}
subscriptions: [{{ name: task-events, topic: {} }}]
channels:
  task-events: {{ topic: {out} }}
  reminders: {{ topic: {out} }}
  orders: {{ topic: {out} }}
  payments: {{ topic: {out} }}
  dlq: {{ topic: {} }}
  ops-alerts: {{ topic: {ops} }}
  user-alerts: {{ topic: {ops} }}
claims: {{ lease_ms: 1000 }}
{config}",
            policy.display().to_string(),
            topic("in"),
            topic("dlq"),
            out = topic("out"),
            ops = topic("ops"),
        );
        let mut daprd = Daprd::new(&test.id)
            .app_port(port)
            .component(component::kafka("kafka-pubsub", kafka, &test.id))
            .component(state);
        if !token.is_empty() {
            daprd = daprd.env("DAPR_API_TOKEN", token);
        }
        let daprd = daprd.start(&test.services, &test.dir).await?;
        let env = [
            ("DAPR_HTTP_PORT", &*daprd.port().to_string()),
            ("DAPR_API_TOKEN", token),
        ];
        let gate = Gate::start(&test.dir, port, &config, &env).await?;
        daprd.wait_subscribed().await?;
        Ok(Self { test, gate, daprd })
    }

    /// Publishes as a service does through its own sidecar.
    pub(crate) async fn publish(&self, event: &str, key: &str) -> Result<()> {
        let topic = topic_of(self.test, "in");
        let query = [("metadata.partitionKey", key)];
        self.daprd
            .publish("kafka-pubsub", &topic, "application/json", event, &query)
            .await?;
        Ok(())
    }

    /// Waits until a topic holds so many records.
    pub(crate) async fn arrived(&self, topic: &str, count: usize) -> Result<Vec<Stored>> {
        self.test
            .shared
            .kafka
            .wait_for(&topic_of(self.test, topic), count, Duration::from_mins(1))
            .await
    }
}

pub(crate) fn topic_of(test: &Test<Cluster>, name: &str) -> String {
    format!("{}-{name}", &test.id[..test.id.len().min(40)])
}
