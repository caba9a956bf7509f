//! Checks the subscriptions: their topics and routes. Knows no sink.

use std::collections::BTreeSet;

use tidegate_model::subscription::{Subscription, Tombstones, Topic};

use super::{
    file::{self, BackendKind, File},
    problem::Problem,
};

/// Paths that belong to the gate.
const OWN_ROUTES: &[&str] = &[
    "/retries", "/dapr", "/v1", "/healthz", "/readyz", "/metrics", "/job", "/admin",
];

pub(super) fn subscriptions(file: &File, problems: &mut Vec<Problem>) -> Vec<Subscription> {
    let mut topics = BTreeSet::new();
    let mut routes = BTreeSet::new();
    let mut subscriptions = Vec::new();
    for (index, given) in file.subscriptions.iter().enumerate() {
        let key = format!("subscriptions.{index}");
        let topic = topic(file, given.pubsub.as_ref(), given.topic.as_ref().unwrap_or(&given.name));
        let route = given
            .route
            .clone()
            .unwrap_or_else(|| format!("/deliver/{}", given.name));
        if topic.name.is_empty() {
            problems.push(Problem::new(format!("{key}.topic"), "must not be empty"));
        }
        if !topics.insert(topic.clone()) {
            problems.push(Problem::new(
                format!("{key}.topic"),
                format!("the topic {:?} is subscribed twice", topic.name),
            ));
        }
        if !routes.insert(route.clone()) {
            problems.push(Problem::new(
                format!("{key}.route"),
                format!("the route {route:?} is used twice"),
            ));
        }
        if let Some(problem) = route_problem(&route) {
            problems.push(Problem::new(format!("{key}.route"), problem));
        }
        subscriptions.push(Subscription {
            name: given.name.clone(),
            topic,
            route,
            raw_payload: given.raw_payload.unwrap_or(file.dapr.raw_payload),
            tombstones: match given.tombstones {
                file::Tombstones::Drop => Tombstones::Drop,
                file::Tombstones::DeadLetter => Tombstones::DeadLetter,
            },
            idempotent: given.idempotency,
        });
    }
    subscriptions
}

/// On the `sqlite` backend the component of a topic does not matter.
pub(super) fn topic(file: &File, pubsub: Option<&String>, name: &str) -> Topic {
    let pubsub = pubsub
        .filter(|_| file.backend == BackendKind::Dapr)
        .unwrap_or(&file.dapr.pubsub);
    Topic {
        pubsub: pubsub.clone(),
        name: name.to_owned(),
    }
}

fn route_problem(route: &str) -> Option<String> {
    if !route.starts_with('/') || route.contains(['{', '}', '*', '?', '#', ' ', ':']) {
        return Some(format!("{route:?} must be a plain path that starts with /"));
    }
    let own = OWN_ROUTES.iter().find(|own| {
        route
            .strip_prefix(**own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })?;
    Some(format!("{own} belongs to the gate itself; choose another path"))
}
