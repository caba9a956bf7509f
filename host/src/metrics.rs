//! What the gate counts, in the names that `/metrics` shows.

use std::{fmt, time::Instant};

use crate::pipeline::Disposition;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

/// All metrics of a gate.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    deliveries: Family<DeliveryLabels, Counter>,
    published: Family<TopicLabels, Counter>,
    faults: Family<FaultLabels, Counter>,
    ordering_violations: Family<TopicLabels, Counter>,
    loads: Family<LoadLabels, Counter>,
    rollbacks: Family<RollbackLabels, Counter>,
    revision: Gauge,
    refused: Family<RefusedLabels, Counter>,
    policy_seconds: Histogram,
    in_flight: Gauge,
    shadow: Family<ShadowLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    topic: String,
    end: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabels {
    topic: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ShadowLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RollbackLabels {
    by: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tidegate");
        let deliveries = Family::default();
        registry.register(
            "deliveries",
            "Deliveries by topic and the end they came to",
            deliveries.clone(),
        );
        let published = Family::default();
        registry.register("published", "Events sent, by topic", published.clone());
        let faults = Family::default();
        registry.register(
            "policy_faults",
            "Policy calls that gave no decision, by kind",
            faults.clone(),
        );
        let refused = Family::default();
        registry.register(
            "requests_refused",
            "Requests that were turned away, by reason",
            refused.clone(),
        );
        let ordering_violations = Family::default();
        registry.register(
            "ordering_violations",
            "Events that could not wait any longer for an earlier one of their key, by topic",
            ordering_violations.clone(),
        );
        let loads = Family::default();
        registry.register(
            "policy_loads",
            "Policies that took over, and files that were refused",
            loads.clone(),
        );
        let rollbacks = Family::default();
        registry.register(
            "policy_rollbacks",
            "Times that the gate went back to another policy, by itself or on request",
            rollbacks.clone(),
        );
        let revision = Gauge::default();
        registry.register(
            "policy_revision",
            "Number of the revision that judges; 0: none",
            revision.clone(),
        );
        // From 10 µs to 160 ms.
        let policy_seconds = Histogram::new((0..15).map(|step| 1e-5 * f64::from(1 << step)));
        registry.register_with_unit(
            "policy_call",
            "Time of a policy call, waiting for its turn included",
            Unit::Seconds,
            policy_seconds.clone(),
        );
        let in_flight = Gauge::default();
        registry.register(
            "deliveries_in_flight",
            "Deliveries that are being processed",
            in_flight.clone(),
        );
        let shadow = Family::default();
        registry.register(
            "shadow_events",
            "Events that the candidate was offered, by what came of it",
            shadow.clone(),
        );
        Self {
            registry,
            deliveries,
            published,
            faults,
            ordering_violations,
            loads,
            rollbacks,
            revision,
            refused,
            policy_seconds,
            in_flight,
            shadow,
        }
    }
}

impl Metrics {
    /// All of them, in the OpenMetrics text format.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }

    /// Counts a delivery in until the guard is dropped.
    pub fn enter(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// Deliveries that are being processed.
    pub fn in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&RefusedLabels { reason }).inc();
    }

    pub(crate) fn ended(&self, topic: &str, end: Disposition) {
        self.delivery(topic, end.as_str());
    }

    pub(crate) fn not_done(&self, topic: &str) {
        self.delivery(topic, "again");
    }

    /// The policy gave no decision.
    pub(crate) fn fault(&self, kind: &str) {
        let labels = FaultLabels { kind: kind.to_owned() };
        self.faults.get_or_create(&labels).inc();
    }

    pub(crate) fn policy_loaded(&self) {
        self.loads.get_or_create(&LoadLabels { result: "taken" }).inc();
    }

    pub(crate) fn policy_refused(&self) {
        self.loads.get_or_create(&LoadLabels { result: "refused" }).inc();
    }

    pub(crate) fn rolled_back(&self, by: &'static str) {
        self.rollbacks.get_or_create(&RollbackLabels { by }).inc();
    }

    /// Which revision judges.
    pub(crate) fn revision(&self, number: u64) {
        self.revision.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// An event has overtaken an earlier one of its key.
    pub(crate) fn ordering_violation(&self, topic: &str) {
        let labels = TopicLabels {
            topic: topic.to_owned(),
        };
        self.ordering_violations.get_or_create(&labels).inc();
    }

    pub(crate) fn published(&self, topic: String) {
        self.published.get_or_create(&TopicLabels { topic }).inc();
    }

    /// The candidate was offered an event.
    pub(crate) fn shadow(&self, result: &'static str) {
        self.shadow.get_or_create(&ShadowLabels { result }).inc();
    }

    pub(crate) fn time_policy(&self) -> Timer<'_> {
        Timer {
            histogram: &self.policy_seconds,
            started: Instant::now(),
        }
    }

    fn delivery(&self, topic: &str, end: &str) {
        let labels = DeliveryLabels {
            topic: topic.to_owned(),
            end: end.to_owned(),
        };
        self.deliveries.get_or_create(&labels).inc();
    }
}

/// One delivery that is being processed.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Observes its own lifetime.
#[derive(Debug)]
pub(crate) struct Timer<'a> {
    histogram: &'a Histogram,
    started: Instant,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.started.elapsed().as_secs_f64());
    }
}
