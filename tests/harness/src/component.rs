//! Dapr components as tests use them. What is shipped in files can be given as a [`Component`] too.

use std::fmt::Write as _;
use std::path::Path;

use crate::{Kafka, Redis};

/// One YAML resource of a sidecar.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name, also of its file.
    pub name: String,
    /// The whole resource.
    pub yaml: String,
}

impl Component {
    /// A component with its metadata, all given as strings.
    pub fn new(name: &str, kind: &str, metadata: &[(&str, &str)]) -> Self {
        let mut yaml = format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {kind}\n  version: v1\n  metadata:\n"
        );
        if metadata.is_empty() {
            yaml.truncate(yaml.len() - 1);
            yaml.push_str(" []\n");
        }
        for (key, value) in metadata {
            let _ = writeln!(yaml, "  - name: {key}\n    value: {value:?}");
        }
        Self {
            name: name.to_owned(),
            yaml,
        }
    }

    /// With one more item of metadata.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.yaml = self.yaml.replace("  metadata: []\n", "  metadata:\n");
        let _ = writeln!(self.yaml, "  - name: {key}\n    value: {value:?}");
        self
    }
}

/// Pub/sub on Kafka: read from the start of a topic, and a failed delivery is tried again, for ever, after 200 ms.
pub fn kafka(name: &str, kafka: &Kafka, group: &str) -> Component {
    let broker = kafka.address();
    let metadata = [
        ("brokers", broker.as_str()),
        ("authType", "none"),
        ("consumerGroup", group),
        ("initialOffset", "oldest"),
        ("backOffPolicy", "constant"),
        ("backOffDuration", "200ms"),
        ("backOffMaxRetries", "-1"),
    ];
    Component::new(name, "pubsub.kafka", &metadata)
}

/// State in Redis, with keys as they are given.
pub fn redis_state(name: &str, redis: &Redis) -> Component {
    let address = redis.address();
    Component::new(
        name,
        "state.redis",
        &[
            ("redisHost", address.as_str()),
            ("redisPassword", ""),
            ("keyPrefix", "none"),
        ],
    )
}

/// State in memory.
pub fn memory_state(name: &str) -> Component {
    Component::new(name, "state.in-memory", &[])
}

/// State in an `SQLite` file.
pub fn sqlite_state(name: &str, file: &Path) -> Component {
    Component::new(
        name,
        "state.sqlite",
        &[("connectionString", &file.display().to_string())],
    )
}

#[cfg(test)]
mod tests {
    use super::{Component, memory_state};

    #[test]
    fn metadata_is_a_list_of_strings() {
        let yaml = Component::new("store", "state.x", &[("a", "1")])
            .with("b", "tr\"ue")
            .yaml;
        assert!(
            yaml.ends_with("  metadata:\n  - name: a\n    value: \"1\"\n  - name: b\n    value: \"tr\\\"ue\"\n"),
            "{yaml}"
        );
        assert!(memory_state("store").yaml.ends_with("  metadata: []\n"));
        assert!(
            memory_state("store")
                .with("a", "b")
                .yaml
                .ends_with("  metadata:\n  - name: a\n    value: \"b\"\n")
        );
    }
}
