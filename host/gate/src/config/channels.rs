//! Checks the channels and their sinks.

use std::{collections::BTreeMap, path::PathBuf};

use reqwest::Url;
use tidegate_model::subscription::Subscription;

use super::{
    checked::Sink,
    file::{BackendKind, Channel, File},
    problem::Problem,
    subscriptions::topic,
};

pub(super) fn channels(
    file: &File,
    subscriptions: &[Subscription],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Sink> {
    let mut channels = BTreeMap::new();
    for (name, given) in &file.channels {
        let key = format!("channels.{name}");
        match sink(file, given) {
            Err(message) => problems.push(Problem::new(key, message)),
            Ok(sink) => {
                if let Some(subscription) = read_by(file, &sink, subscriptions) {
                    let topic = sink.name();
                    let message =
                        format!("a loop: the subscription {subscription:?} reads the topic {topic:?}; use another");
                    problems.push(Problem::new(&key, message));
                }
                channels.insert(name.clone(), sink);
            }
        }
    }
    channels
}

/// The data file, when a channel writes to a topic in it.
pub(super) fn log(file: &File, channels: &BTreeMap<String, Sink>) -> Option<PathBuf> {
    let used = channels.values().any(|sink| matches!(sink, Sink::Log { .. }));
    used.then(|| file.sqlite.path.clone())
}

fn sink(file: &File, given: &Channel) -> Result<Sink, String> {
    let filled = |key: &str, value: &str| match value {
        "" => Err(format!("`{key}` must not be empty")),
        value => Ok(value.to_owned()),
    };
    match given {
        Channel::Topic(given) => {
            filled("topic", &given.topic)?;
            Ok(Sink::Topic(topic(file, given.pubsub.as_ref(), &given.topic)))
        }
        Channel::App(_) if file.backend == BackendKind::Sqlite => {
            Err("`app` needs a sidecar, and the backend is `sqlite`: use `url`".to_owned())
        }
        Channel::App(given) => Ok(Sink::App {
            app: filled("app", &given.app)?,
            method: filled("method", given.method.trim_matches('/'))?,
        }),
        Channel::Url(given) => match Url::parse(&given.url) {
            Ok(url) if url.scheme() == "http" && url.has_host() => Ok(Sink::Url(url)),
            // Not repeated, since it may contain a secret.
            _ => Err("`url` must be a plain HTTP address such as http://127.0.0.1:9000/events".to_owned()),
        },
        Channel::Log(given) => Ok(Sink::Log {
            topic: filled("log", &given.log)?,
        }),
    }
}

/// The subscription that reads from this sink.
fn read_by<'a>(file: &File, sink: &Sink, subscriptions: &'a [Subscription]) -> Option<&'a str> {
    let reads = |subscription: &&Subscription| match sink {
        Sink::Topic(topic) => subscription.topic == *topic,
        Sink::Log { topic } => file.backend == BackendKind::Sqlite && subscription.topic.name == *topic,
        Sink::App { .. } | Sink::Url(_) => false,
    };
    subscriptions.iter().find(reads).map(|subscription| &*subscription.name)
}
