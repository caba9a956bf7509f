//! Gates on real services: each with a sidecar and a proxy between the two, all in one consumer group, on the files of
//! `deploy/` and with topics of the test's own.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use tidegate_harness::{
    Cluster, Component, Daprd, Gate, Kafka, Proxy, Record, Redis, RunningDaprd, Scheduler, Stored, Test, Topics,
    free_port, shipped, wait,
};
use tidegate_tests::{Letter, Workload, dist};

use crate::sinks::{Answer, Call, REMINDERS, Sinks};

/// Topics of `deploy/kafka/topics.yaml` that every rig has.
const TOPICS: [&str; 4] = ["task-events", "dlq", "ops-alerts", "user-alerts"];

const LIMIT: Duration = Duration::from_mins(1);

/// The services behind a rig.
#[derive(Clone, Copy)]
pub(crate) struct Services<'a> {
    pub(crate) kafka: &'a Kafka,
    pub(crate) redis: &'a Redis,
    pub(crate) scheduler: &'a Scheduler,
}

impl<'a> Services<'a> {
    /// Those that tests share.
    pub(crate) fn shared(test: &'a Test<Cluster>) -> Result<Self> {
        Ok(Self {
            kafka: &test.shared.kafka,
            redis: test.shared.redis()?,
            scheduler: &test.shared.scheduler,
        })
    }
}

/// A lease that no busy machine outlasts, in milliseconds.
pub(crate) const LONG_LEASE: u32 = 60_000;

/// What a rig is to be.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How many gates, each with a sidecar.
    pub(crate) gates: usize,
    /// The file of the policy, and whether it may be replaced by one that accepts less.
    pub(crate) policy: PathBuf,
    pub(crate) allow_dropped: bool,
    /// Where dead letters go; absent: a topic.
    pub(crate) dead_letters: Option<&'static str>,
    /// How long a claim holds when its gate is gone, in milliseconds.
    pub(crate) lease_ms: u32,
    /// `retries` in the configuration, in braces.
    pub(crate) retries: String,
    /// More lines of the configuration.
    pub(crate) config: String,
    /// More components of the sidecars.
    pub(crate) components: Vec<Component>,
    /// More topics of `deploy/kafka/topics.yaml`.
    pub(crate) topics: Vec<&'static str>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            gates: 1,
            policy: dist("policy.wasm"),
            allow_dropped: false,
            dead_letters: None,
            lease_ms: 1500,
            retries: "{ scale: 0.01 }".to_owned(),
            config: String::new(),
            components: Vec::new(),
            topics: Vec::new(),
        }
    }
}

/// Gates, sinks and topics.
pub(crate) struct Rig<'a> {
    pub(crate) test: &'a Test<Cluster>,
    pub(crate) services: Services<'a>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) sinks: Sinks,
}

/// A gate and its sidecar, in the order of their end.
pub(crate) struct Replica {
    pub(crate) gate: Gate,
    /// Between the gate and its sidecar, for what the gate asks for.
    pub(crate) proxy: Proxy,
    pub(crate) daprd: RunningDaprd,
}

impl<'a> Rig<'a> {
    /// Starts it on the services that tests share.
    pub(crate) async fn start(
        test: &'a Test<Cluster>,
        plan: Plan,
        rule: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::start_on(test, Services::shared(test)?, plan, rule).await
    }

    /// Starts it.
    pub(crate) async fn start_on(
        test: &'a Test<Cluster>,
        services: Services<'a>,
        plan: Plan,
        rule: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let names = [&TOPICS[..], &plan.topics].concat();
        let mut topics = Topics::shipped()?;
        topics.topics.retain(|topic| names.contains(&topic.name.as_str()));
        services.kafka.apply(&topics, "local", &topic(test, "")).await?;
        let mut rig = Self {
            test,
            services,
            replicas: Vec::new(),
            sinks: Sinks::start(test, rule).await?,
        };
        for number in 1..=plan.gates {
            let replica = rig.replica(number, &plan).await?;
            rig.replicas.push(replica);
        }
        rig.wait_shared(plan.gates).await?;
        Ok(rig)
    }

    async fn replica(&self, number: usize, plan: &Plan) -> Result<Replica> {
        let Self { test, services, .. } = self;
        let port = free_port();
        let mut daprd = Daprd::new(&test.id)
            .app_port(port)
            .scheduler(services.scheduler)
            .component(shipped::pubsub(services.kafka, &test.id, &test.id)?)
            .component(shipped::statestore(services.redis, &test.id)?)
            .component(shipped::resiliency(&test.id)?)
            .shipped()?;
        for component in &plan.components {
            daprd = daprd.component(component.clone());
        }
        let daprd = daprd.start(&test.services, &test.dir).await?;
        let proxy = Proxy::start(daprd.port()).await?;
        let env = [("DAPR_HTTP_PORT", &*proxy.port().to_string())];
        let name = format!("gate-{number}");
        let gate = Gate::start_named(&test.dir, &name, port, &self.config(port, plan), &env).await?;
        daprd.wait_subscribed().await?;
        Ok(Replica { gate, proxy, daprd })
    }

    /// Waits until every gate has partitions: the first one had them all before the second came.
    async fn wait_shared(&self, gates: usize) -> Result<()> {
        let group = format!("Stabilized group {} generation", self.test.id);
        let members = format!("with {gates} members");
        wait::until("the gates to share the partitions", LIMIT, async || {
            let log = std::fs::read_to_string(self.services.kafka.process().log()).ok()?;
            let shared = log.lines().any(|line| line.contains(&group) && line.contains(&members));
            shared.then_some(())
        })
        .await
    }

    fn config(&self, port: u16, plan: &Plan) -> String {
        let dead_letters = match plan.dead_letters {
            Some(path) => format!("url: {:?}", self.sinks.url(path)),
            None => format!("topic: {}", topic(self.test, "dlq")),
        };
        format!(
            "listen: 127.0.0.1:{port}
admin: {{ listen: null }}
backend: dapr
policy: {{ path: {:?}, reload: {{ allow_dropped: {} }} }}
subscriptions: [{{ name: task-events, topic: {} }}]
channels:
  task-events: {{ app: {}, method: tasks }}
  reminders: {{ url: {:?} }}
  dlq: {{ {dead_letters} }}
  ops-alerts: {{ topic: {} }}
  user-alerts: {{ topic: {} }}
alerts: {{ window_seconds: 0 }}
claims: {{ lease_ms: {} }}
retries: {}
{}",
            plan.policy.display().to_string(),
            plan.allow_dropped,
            topic(self.test, "task-events"),
            self.sinks.app_id(),
            self.sinks.url(REMINDERS),
            topic(self.test, "ops-alerts"),
            topic(self.test, "user-alerts"),
            plan.lease_ms,
            plan.retries,
            plan.config,
        )
    }

    /// The only gate, or the first.
    pub(crate) fn first(&self) -> &Replica {
        &self.replicas[0]
    }

    /// Writes records into the topic that events come from; says where each went, as a dead letter says it.
    pub(crate) async fn produce(&self, records: Vec<Record>) -> Result<Vec<String>> {
        let topic = topic(self.test, "task-events");
        let places = self.services.kafka.produce_all(&topic, records).await?;
        let source = |(partition, offset)| format!("{topic}/{partition}@{offset}");
        Ok(places.into_iter().map(source).collect())
    }

    /// Produces a whole workload.
    pub(crate) async fn load(&self, workload: &Workload) -> Result<Vec<String>> {
        self.produce(workload.records()).await
    }

    /// Everything in one of the test's topics.
    pub(crate) async fn read(&self, name: &str) -> Result<Vec<Stored>> {
        self.services.kafka.read(&topic(self.test, name)).await
    }

    /// The dead letters in their topic.
    pub(crate) async fn letters(&self) -> Result<Vec<Letter>> {
        self.read("dlq").await?.iter().map(Letter::read).collect()
    }

    /// Waits for so many dead letters in their topic.
    pub(crate) async fn wait_letters(&self, count: usize, limit: Duration) -> Result<Vec<Letter>> {
        let topic = topic(self.test, "dlq");
        let records = self.services.kafka.wait_for(&topic, count, limit).await?;
        records.iter().map(Letter::read).collect()
    }

    /// How many records of the topic that events come from are acknowledged.
    pub(crate) async fn acknowledged(&self) -> Result<i64> {
        let topic = topic(self.test, "task-events");
        let offsets = self.services.kafka.committed(&self.test.id, &topic).await?;
        Ok(offsets.values().sum())
    }
}

/// A topic of the test's own.
pub(crate) fn topic(test: &Test<Cluster>, name: &str) -> String {
    format!("{}.{name}", test.id)
}
