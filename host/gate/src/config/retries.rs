//! Checks how often and when something is retried.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tidegate_dapr::Tier;
use tidegate_model::subscription::{Subscription, Topic};
use tidegate_pipeline::Retries;

use super::{
    checked::{RetryTopics, Sink},
    file::{BackendKind, File, Ordering, SchedulerKind},
    problem::Problem,
};

pub(super) fn retries(
    file: &File,
    subscriptions: &[Subscription],
    channels: &BTreeMap<String, Sink>,
    problems: &mut Vec<Problem>,
) -> (Retries, RetryTopics) {
    let given = &file.retries;
    if !(0.001..=10.0).contains(&given.scale) {
        problems.push(Problem::new("retries.scale", "must be a number from 0.001 to 10"));
    }
    if given.fault_limit < 2 {
        problems.push(Problem::new("retries.fault_limit", "must be at least 2"));
    }
    let tiers = match file.backend {
        BackendKind::Dapr => tiers(file, problems),
        BackendKind::Sqlite => Vec::new(),
    };
    for tier in &tiers {
        let sent = channels.values().any(|sink| *sink == Sink::Topic(tier.topic.clone()));
        if sent
            || subscriptions
                .iter()
                .any(|subscription| subscription.topic == tier.topic)
        {
            let message = format!("the topic {:?} must be used for nothing else", tier.topic.name);
            problems.push(Problem::new("retries.topics.tiers", message));
        }
    }
    let retries = Retries {
        scale: given.scale,
        fault_limit: given.fault_limit,
    };
    let topics = RetryTopics {
        schedule: given.scheduler == SchedulerKind::Topics && !tiers.is_empty(),
        tiers,
    };
    (retries, topics)
}

/// How long an event waits for an earlier one of its key.
pub(super) fn order_wait(file: &File) -> Option<Duration> {
    let given = &file.retries;
    (given.ordering == Ordering::PerKey).then(|| Duration::from_secs(given.order_wait_seconds.into()))
}

/// All retry topics that are listed. They are read even when new retries are jobs, since older ones may still be in them.
fn tiers(file: &File, problems: &mut Vec<Problem>) -> Vec<Tier> {
    let wanted = file.retries.scheduler == SchedulerKind::Topics;
    let given = &file.retries.topics;
    let named = !given.pubsub.is_empty() && given.pubsub != file.dapr.pubsub;
    if (wanted || !given.tiers.is_empty()) && !named {
        let message = "name a pub/sub component of their own: it needs another consumer group";
        problems.push(Problem::new("retries.topics.pubsub", message));
    }
    if wanted && given.tiers.is_empty() {
        let message = "name at least one topic, or use `scheduler: jobs`";
        problems.push(Problem::new("retries.topics.tiers", message));
    }
    let tier = |tier: &super::file::Tier| Tier {
        topic: Topic {
            pubsub: given.pubsub.clone(),
            name: tier.topic.clone(),
        },
        delay: Duration::from_secs(tier.seconds.into()),
    };
    let mut tiers: Vec<_> = given.tiers.iter().map(tier).collect();
    tiers.sort_by_key(|tier| tier.delay);
    let mut topics = BTreeSet::new();
    if let Some(twice) = tiers.iter().find(|tier| !topics.insert(&tier.topic)) {
        let message = format!("the topic {:?} is listed twice", twice.topic.name);
        problems.push(Problem::new("retries.topics.tiers", message));
    }
    tiers
}
