//! From a [`File`] to a [`Config`]: checks what the types cannot express. One pass finds all problems.

use std::time::Duration;

use tidegate_engine as engine;
use tidegate_http::Limits;
use tidegate_pipeline::claim;

use super::{
    channels::{channels, log},
    checked::{Backend, Config},
    env::{Environment, default_cache_dir},
    file::{self, BackendKind, File, Isolation},
    policy::policy,
    problem::Problem,
    retries::{order_wait, retries},
    subscriptions::subscriptions,
};

impl Config {
    pub(super) fn build(file: &File, environment: &Environment) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let subscriptions = subscriptions(file, &mut problems);
        let channels = channels(file, &subscriptions, &mut problems);
        let (retries, retry_topics) = retries(file, &subscriptions, &channels, &mut problems);
        let policy = policy(file, &mut problems);
        check_limits(&file.limits, &mut problems);
        if file.claims.lease_ms == 0 {
            problems.push(Problem::new("claims.lease_ms", "must be at least 1"));
        }
        if u64::from(file.claims.keep_seconds) * 1000 < file.claims.lease_ms.max(1000) {
            problems.push(Problem::new(
                "claims.keep_seconds",
                "must be at least a second, and no shorter than the lease",
            ));
        }
        let backend = backend(file, environment, &mut problems);
        let log = log(file, &channels);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            listen: file.listen,
            backend,
            engine: engine_options(file),
            policy,
            subscriptions,
            log,
            channels,
            retries,
            alert_window: Duration::from_secs(u64::from(file.alerts.window_seconds)),
            order_wait: order_wait(file),
            retry_topics,
            send_timeout: Duration::from_secs(file.limits.send_timeout_seconds),
            claims: claim::Settings {
                lease: Duration::from_millis(file.claims.lease_ms),
                keep: Duration::from_secs(u64::from(file.claims.keep_seconds)),
            },
            http: http_limits(&file.limits),
            admin: file.admin.listen,
            concurrency: file.limits.concurrency as usize,
            drain: Duration::from_secs(file.drain_seconds),
            app_api_token: environment.app_api_token(),
        })
    }
}

fn check_limits(limits: &file::Limits, problems: &mut Vec<Problem>) {
    let mut at_least = |key: &str, value: u64, least: u64| {
        if value < least {
            problems.push(Problem::new(
                format!("limits.{key}"),
                format!("must be at least {least}, not {value}"),
            ));
        }
    };
    at_least("deadline_ms", limits.deadline_ms, 1);
    at_least("memory_bytes", limits.memory_bytes as u64, 1 << 20);
    at_least("output_bytes", limits.output_bytes as u64, 1 << 10);
    at_least("body_bytes", limits.body_bytes as u64, 1 << 10);
    at_least("concurrency", u64::from(limits.concurrency), 1);
    at_least("connections", u64::from(limits.connections), 1);
    at_least("send_timeout_seconds", limits.send_timeout_seconds, 1);
    if limits.memory_bytes as u64 > 4 << 30 {
        problems.push(Problem::new(
            "limits.memory_bytes",
            "must be at most 4294967296 (4 GiB)",
        ));
    }
    if limits.concurrency > 1024 {
        problems.push(Problem::new("limits.concurrency", "must be at most 1024"));
    }
    let sizes = [
        // The sidecar adds about twenty headers of its own. A map of headers has room for less than 25,000.
        ("header_count", limits.header_count, 64, 20_000),
        ("header_bytes", limits.header_bytes, 8 << 10, 16 << 20),
    ];
    for (key, value, least, most) in sizes {
        if !(least..=most).contains(&value) {
            let message = format!("must be from {least} to {most}");
            problems.push(Problem::new(format!("limits.{key}"), message));
        }
    }
    let in_a_day = [
        ("header_seconds", limits.header_seconds),
        ("body_seconds", limits.body_seconds),
        ("request_seconds", limits.request_seconds),
    ];
    for (key, _) in in_a_day.iter().filter(|(_, seconds)| !(1..=86_400).contains(seconds)) {
        problems.push(Problem::new(format!("limits.{key}"), "must be from 1 to 86400"));
    }
}

fn http_limits(limits: &file::Limits) -> Limits {
    Limits {
        connections: limits.connections as usize,
        header_count: limits.header_count,
        header_bytes: limits.header_bytes,
        header: Duration::from_secs(limits.header_seconds),
        body: Duration::from_secs(limits.body_seconds),
        request: Duration::from_secs(limits.request_seconds),
        body_bytes: limits.body_bytes,
    }
}

fn backend(file: &File, environment: &Environment, problems: &mut Vec<Problem>) -> Backend {
    if file.backend == BackendKind::Sqlite {
        return Backend::Sqlite {
            path: file.sqlite.path.clone(),
        };
    }
    let endpoint = file
        .dapr
        .endpoint
        .clone()
        .or_else(|| environment.dapr_endpoint())
        .unwrap_or_else(|| "http://127.0.0.1:3500".to_owned());
    let usable = reqwest::Url::parse(&endpoint).is_ok_and(|url| url.scheme() == "http" && url.has_host());
    if !usable {
        problems.push(Problem::new(
            "dapr.endpoint",
            format!("{endpoint:?} is not a plain HTTP address such as http://127.0.0.1:3500"),
        ));
    }
    Backend::Dapr(tidegate_dapr::Settings {
        endpoint: endpoint.trim_end_matches('/').to_owned(),
        state_store: file.dapr.state_store.clone(),
        api_token: environment.dapr_api_token(),
        timeout: Duration::from_secs(file.limits.send_timeout_seconds),
    })
}

fn engine_options(file: &File) -> engine::Options {
    engine::Options {
        limits: engine::Limits {
            deadline: Duration::from_millis(file.limits.deadline_ms),
            memory_bytes: file.limits.memory_bytes,
            output_bytes: file.limits.output_bytes,
        },
        isolation: file.policy.isolation.into(),
        max_concurrent_calls: file.limits.concurrency,
        cache_dir: file.policy.cache_dir.clone().or_else(default_cache_dir),
    }
}

impl From<Isolation> for engine::Isolation {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::Fresh => Self::Fresh,
            Isolation::Reuse => Self::Reuse,
        }
    }
}
