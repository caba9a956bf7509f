//! The metrics of a gate, by the names that `/metrics` exposes. Knows no policy and no HTTP: callers count, and one renders.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tidegate_model::disposition::{DeadLetterReason, Disposition};

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
    revision: Family<RevisionLabels, Gauge>,
    /// The digest that `revision` shows.
    shown_revision: Mutex<Option<String>>,
    refused: Family<RefusedLabels, Counter>,
    policy_seconds: Histogram,
    in_flight: Gauge,
    shadow: Family<ResultLabels, Counter>,
    alerts: Family<ResultLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    topic: String,
    disposition: &'static str,
    /// Why it is dead-lettered; else empty.
    reason: &'static str,
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
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevisionLabels {
    digest: String,
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
            "Deliveries by topic and disposition, and by reason when they are dead-lettered",
            deliveries.clone(),
        );
        let published = Family::default();
        registry.register("published", "Events published, by topic", published.clone());
        let faults = Family::default();
        registry.register(
            "policy_faults",
            "Policy calls without a usable decision, by kind",
            faults.clone(),
        );
        let refused = Family::default();
        registry.register("requests_refused", "Refused requests, by reason", refused.clone());
        let ordering_violations = Family::default();
        registry.register(
            "ordering_violations",
            "Events processed before an earlier one of their key, by topic",
            ordering_violations.clone(),
        );
        let loads = Family::default();
        registry.register(
            "policy_loads",
            "Policy files by result: loaded or refused",
            loads.clone(),
        );
        let rollbacks = Family::default();
        registry.register(
            "policy_rollbacks",
            "Rollbacks to another revision, by the gate itself or on request",
            rollbacks.clone(),
        );
        let revision = Family::default();
        registry.register(
            "policy_revision",
            "1 for the digest of the current revision",
            revision.clone(),
        );
        // From 10 µs to 160 ms.
        let policy_seconds = Histogram::new((0..15).map(|step| 1e-5 * f64::from(1 << step)));
        registry.register_with_unit(
            "policy_call",
            "Time of a policy call, with the wait for its permit",
            Unit::Seconds,
            policy_seconds.clone(),
        );
        let in_flight = Gauge::default();
        registry.register("deliveries_in_flight", "Deliveries in progress", in_flight.clone());
        let shadow = Family::default();
        registry.register(
            "shadow_events",
            "Events offered to the shadow policy, by result",
            shadow.clone(),
        );
        let alerts = Family::default();
        registry.register(
            "alerts",
            "Alerts about dead letters: sent at once, or counted in a later one",
            alerts.clone(),
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
            shown_revision: Mutex::default(),
            refused,
            policy_seconds,
            in_flight,
            shadow,
            alerts,
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

    /// Deliveries in progress.
    pub fn in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    /// A request was refused.
    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&RefusedLabels { reason }).inc();
    }

    /// A delivery was acknowledged.
    pub fn acknowledged(&self, topic: &str, disposition: Disposition) {
        let reason = disposition.dead_letter_reason().map_or("", DeadLetterReason::as_str);
        self.delivery(topic, disposition.as_str(), reason);
    }

    /// A delivery was not acknowledged: it will be redelivered.
    pub fn requeued(&self, topic: &str) {
        self.delivery(topic, Disposition::REQUEUED, "");
    }

    /// A policy call had no usable decision.
    pub fn fault(&self, kind: &str) {
        let labels = FaultLabels { kind: kind.to_owned() };
        self.faults.get_or_create(&labels).inc();
    }

    /// A policy was loaded and is the current revision.
    pub fn policy_loaded(&self) {
        self.loads.get_or_create(&LoadLabels { result: "loaded" }).inc();
    }

    /// A policy's file was refused.
    pub fn policy_refused(&self) {
        self.loads.get_or_create(&LoadLabels { result: "refused" }).inc();
    }

    /// The gate rolled back, `by` itself or on request.
    pub fn rolled_back(&self, by: &'static str) {
        self.rollbacks.get_or_create(&RollbackLabels { by }).inc();
    }

    /// The digest of the current revision; `None`: there is none.
    pub fn revision(&self, digest: Option<&str>) {
        let mut shown = self.shown_revision.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_deref() == digest {
            return;
        }
        self.revision.clear();
        *shown = digest.map(str::to_owned);
        if let Some(digest) = shown.clone() {
            self.revision.get_or_create(&RevisionLabels { digest }).set(1);
        }
    }

    /// An event was processed before an earlier one of its key.
    pub fn ordering_violation(&self, topic: &str) {
        let labels = TopicLabels {
            topic: topic.to_owned(),
        };
        self.ordering_violations.get_or_create(&labels).inc();
    }

    /// An event was published.
    pub fn published(&self, topic: String) {
        self.published.get_or_create(&TopicLabels { topic }).inc();
    }

    /// An event was offered to the shadow policy.
    pub fn shadow(&self, result: &'static str) {
        self.shadow.get_or_create(&ResultLabels { result }).inc();
    }

    /// An alert about a dead letter was sent, or counted.
    pub fn alert(&self, result: &'static str) {
        self.alerts.get_or_create(&ResultLabels { result }).inc();
    }

    /// Times a policy call until the timer is dropped.
    pub fn time_policy(&self) -> Timer<'_> {
        Timer {
            histogram: &self.policy_seconds,
            started: Instant::now(),
        }
    }

    fn delivery(&self, topic: &str, disposition: &'static str, reason: &'static str) {
        let labels = DeliveryLabels {
            topic: topic.to_owned(),
            disposition,
            reason,
        };
        self.deliveries.get_or_create(&labels).inc();
    }
}

/// One delivery in progress; ends when it is dropped.
#[derive(Debug)]
pub struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Observes its own lifetime.
#[derive(Debug)]
pub struct Timer<'a> {
    histogram: &'a Histogram,
    started: Instant,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.started.elapsed().as_secs_f64());
    }
}
