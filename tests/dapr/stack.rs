//! A gate with its sidecar, and topics that no other test uses. Knows no event.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use tidegate_harness::{Cluster, Component, Daprd, Gate, RunningDaprd, Stored, Test, component, free_port, shipped};
use tidegate_tests::dist;

/// A gate with its sidecar, and topics that no other test uses.
pub(crate) struct Stack<'a> {
    test: &'a Test<Cluster>,
    pub(crate) gate: Gate,
    pub(crate) daprd: RunningDaprd,
}

/// What a stack is made of.
pub(crate) struct Setup<'a> {
    pub(crate) policy: PathBuf,
    /// Settings of the subscription.
    pub(crate) subscription: &'a str,
    /// The rest of the gate's configuration.
    pub(crate) config: &'a str,
    pub(crate) state: Component,
    /// A token that the sidecar asks for; empty: it asks for none.
    pub(crate) token: &'a str,
    /// The pub/sub component and the flags of `deploy/`; else a component that redelivers sooner.
    pub(crate) is_shipped: bool,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            policy: dist("policy.wasm"),
            subscription: "",
            config: "",
            state: component::memory_state("statestore"),
            token: "",
            is_shipped: false,
        }
    }
}

impl<'a> Stack<'a> {
    pub(crate) async fn start(test: &'a Test<Cluster>, config: &str) -> Result<Self> {
        let setup = Setup {
            config,
            ..Setup::default()
        };
        Self::of(test, setup).await
    }

    pub(crate) async fn of(test: &'a Test<Cluster>, setup: Setup<'_>) -> Result<Self> {
        let Setup {
            policy,
            subscription,
            config,
            state,
            token,
            is_shipped,
        } = setup;
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
subscriptions: [{{ name: task-events, topic: {}, {subscription} }}]
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
        let mut daprd = Daprd::new(&test.id).app_port(port).component(state);
        daprd = if is_shipped {
            daprd.component(shipped::pubsub(kafka, &test.id, &test.id)?).shipped()?
        } else {
            daprd.component(component::kafka("kafka-pubsub", kafka, &test.id))
        };
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
