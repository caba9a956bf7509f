//! The topics of `deploy/kafka/topics.yaml`, and how a broker gets them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::admin::{self, NewTopic};
use crate::{Kafka, shipped};

/// The file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topics {
    /// How many partitions each topic has.
    pub partitions: i32,
    /// What depends on where the cluster is, by its name.
    pub environments: BTreeMap<String, Environment>,
    /// The topics.
    pub topics: Vec<Topic>,
}

/// The settings of all topics of an environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Environment {
    /// On how many brokers each record is.
    pub replication_factor: i16,
    /// How many of them must have it before it counts as written.
    #[serde(rename = "min.insync.replicas")]
    pub min_insync_replicas: i16,
    /// How long a record stays, in milliseconds.
    #[serde(rename = "retention.ms")]
    pub retention_ms: u64,
}

/// One topic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// The largest batch of records that it takes, in bytes.
    #[serde(rename = "max.message.bytes")]
    pub max_message_bytes: u64,
}

impl Topics {
    /// The topics that are shipped.
    pub fn shipped() -> Result<Self> {
        let file = "deploy/kafka/topics.yaml";
        serde_saphyr::from_str(&shipped::read(file)?).context(file)
    }

    /// The settings of an environment.
    pub fn environment(&self, name: &str) -> Result<&Environment> {
        self.environments
            .get(name)
            .with_context(|| format!("no environment {name} in the topics' file"))
    }

    /// The settings of a topic in an environment, by Kafka's names.
    pub fn settings(&self, environment: &str, topic: &Topic) -> Result<BTreeMap<String, String>> {
        let environment = self.environment(environment)?;
        Ok(BTreeMap::from([
            ("max.message.bytes".to_owned(), topic.max_message_bytes.to_string()),
            (
                "min.insync.replicas".to_owned(),
                environment.min_insync_replicas.to_string(),
            ),
            ("retention.ms".to_owned(), environment.retention_ms.to_string()),
        ]))
    }
}

impl Kafka {
    /// Creates topics as an environment has them, each name behind a prefix that makes it a test's own.
    pub async fn apply(&self, topics: &Topics, environment: &str, prefix: &str) -> Result<()> {
        let replication = topics.environment(environment)?.replication_factor;
        let new = topics.topics.iter().map(|topic| {
            Ok(NewTopic {
                name: format!("{prefix}{}", topic.name),
                partitions: topics.partitions,
                replication,
                settings: topics.settings(environment, topic)?,
            })
        });
        let new = new.collect::<Result<Vec<_>>>()?;
        admin::create(&self.address(), &new).await?;
        for topic in &new {
            self.wait_known(&topic.name).await?;
        }
        Ok(())
    }
}
