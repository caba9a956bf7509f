//! The files of `deploy/`, used as they are shipped: only addresses, and names that must be a test's own, are replaced.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{Component, Daprd, Kafka, Redis, services::repository};

/// What a test may replace. Everything else is what is tested.
const REPLACEABLE: [&str; 4] = ["brokers", "redisHost", "consumerGroup", "scopes"];

/// `deploy/dapr/pubsub.yaml` for one app.
pub fn pubsub(kafka: &Kafka, group: &str, app_id: &str) -> Result<Component> {
    on_kafka("deploy/dapr/pubsub.yaml", kafka, group, app_id)
}

/// `deploy/dapr/retry-topics/kafka-retry.yaml` for one app.
pub fn kafka_retry(kafka: &Kafka, group: &str, app_id: &str) -> Result<Component> {
    on_kafka("deploy/dapr/retry-topics/kafka-retry.yaml", kafka, group, app_id)
}

/// `deploy/dapr/statestore.yaml` for one app.
pub fn statestore(redis: &Redis, app_id: &str) -> Result<Component> {
    let replaced = [("redisHost", redis.address()), ("scopes", app_id.to_owned())];
    Component::from_file("deploy/dapr/statestore.yaml", &replaced)
}

/// `deploy/dapr/resiliency.yaml` for one app.
pub fn resiliency(app_id: &str) -> Result<Component> {
    Component::from_file("deploy/dapr/resiliency.yaml", &[("scopes", app_id.to_owned())])
}

fn on_kafka(file: &str, kafka: &Kafka, group: &str, app_id: &str) -> Result<Component> {
    let replaced = [
        ("brokers", kafka.address()),
        ("consumerGroup", group.to_owned()),
        ("scopes", app_id.to_owned()),
    ];
    Component::from_file(file, &replaced)
}

impl Component {
    /// A resource in a file of the repository with some values replaced. Fails on a key that is not in the file, and on one that is not
    /// for a test to replace.
    pub fn from_file(file: &str, replacements: &[(&str, String)]) -> Result<Self> {
        let mut yaml = read(file)?;
        for (key, value) in replacements {
            yaml = replaced(&yaml, key, value)
                .with_context(|| format!("{file}: no {key} that a test may replace (of {REPLACEABLE:?})"))?;
        }
        let mut lines = yaml.lines().skip_while(|line| *line != "metadata:");
        let name = lines.find_map(|line| line.strip_prefix("  name: "));
        let name = name.with_context(|| format!("{file}: no metadata.name"))?.to_owned();
        Ok(Self { name, yaml })
    }
}

impl Daprd {
    /// With the flags of `deploy/dapr/daprd.args` and the configuration of `deploy/dapr/config.yaml`.
    pub fn shipped(self) -> Result<Self> {
        let flags = read("deploy/dapr/daprd.args")?;
        let daprd = flags
            .lines()
            .filter(|line| !line.starts_with('#'))
            .fold(self, Self::arg);
        Ok(daprd.arg(&format!("--config={}", path("deploy/dapr/config.yaml").display())))
    }
}

pub(crate) fn path(file: &str) -> PathBuf {
    repository().join(file)
}

pub(crate) fn read(file: &str) -> Result<String> {
    std::fs::read_to_string(path(file)).with_context(|| format!("{file}, in the repository"))
}

/// The text with the value of one key replaced, which stands in the line after the key's.
fn replaced(yaml: &str, key: &str, value: &str) -> Option<String> {
    if !REPLACEABLE.contains(&key) {
        return None;
    }
    let (line_of_key, start_of_value) = match key {
        "scopes" => ("scopes:".to_owned(), "- "),
        _ => (format!("  - name: {key}"), "    value: "),
    };
    let mut lines: Vec<&str> = yaml.lines().collect();
    let place = lines.iter().position(|line| *line == line_of_key)? + 1;
    lines.get(place)?.strip_prefix(start_of_value)?;
    let line = format!("{start_of_value}{value:?}");
    lines[place] = &line;
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::{Component, replaced};

    #[test]
    fn only_what_may_be_replaced_is_and_the_rest_stays() {
        let yaml = "  - name: brokers\n    value: \"a\"  # why\n  - name: other\n    value: \"b\"\nscopes:\n- gate\n";
        let changed = replaced(yaml, "brokers", "1:2").expect("it is there");
        assert_eq!(changed, yaml.replace("\"a\"  # why", "\"1:2\""));
        assert_eq!(replaced(yaml, "scopes", "x"), Some(yaml.replace("- gate", "- \"x\"")));
        assert_eq!(replaced(yaml, "other", "c"), None, "not for a test to replace");
        assert_eq!(replaced(yaml, "redisHost", "c"), None, "not there");
    }

    #[test]
    fn a_shipped_file_has_its_name_and_every_file_its_scope() {
        for (file, name) in [
            ("pubsub", "kafka-pubsub"),
            ("retry-topics/kafka-retry", "kafka-retry"),
            ("statestore", "statestore"),
            ("resiliency", "tidegate"),
        ] {
            let scope = [("scopes", "app".to_owned())];
            let component = Component::from_file(&format!("deploy/dapr/{file}.yaml"), &scope).expect("a component");
            assert_eq!(component.name, name);
            assert!(component.yaml.ends_with("\nscopes:\n- \"app\"\n"), "{}", component.yaml);
        }
    }
}
