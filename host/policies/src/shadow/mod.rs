//! The shadow comparison: a shadow policy judges a copy of live traffic, and the differences are reported.
//!
//! It never publishes: this module cannot reach a sink. Without a shadow policy a delivery checks one `Option`; with one, it
//! copies a few short texts for each sampled event. The events themselves are shared. The shadow policy has its own engine
//! and its own thread, at low priority, and judges one event at a time. Events that do not fit into its queue are skipped;
//! a delivery never waits.

mod comparison_key;
mod file;
mod queue;
mod report;
mod settings;
mod stats;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hasher},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use tidegate_engine::{Context, Digest, Engine, EngineError, Options, Policy};
use tidegate_metrics::Metrics;
use tidegate_model::delivery::Delivery;
use tokio_util::sync::CancellationToken;

use self::{
    comparison_key::ComparisonKey,
    file::ShadowFile,
    queue::{Queue, QueuedEvent},
    stats::{EventInfo, Stats},
};
pub use self::{report::Report, settings::Settings};
use crate::{
    comparison::{Answer, compare},
    output::Expected,
    revisions::{Revision, Revisions},
};

/// Niceness of its thread: on a busy machine it has a tenth of a core, not nothing.
const NICE: i32 = 10;
/// A call that takes as long is followed by a pause, so that a shadow policy that loops does not occupy a core.
const SLOW: Duration = Duration::from_millis(5);
/// The pause as a multiple of the call: a slow shadow policy has a fifth of a core at most.
const PAUSE: u32 = 4;
/// Instances of the shadow policy's engine: one that judges, and one that is loaded or tested.
const INSTANCES: u32 = 2;

/// The shadow policy and its comparison with the current revision.
#[derive(Debug)]
pub struct Shadow {
    settings: Settings,
    file: ShadowFile,
    revisions: Arc<Revisions>,
    /// The channels that are bound to a sink.
    channels: BTreeSet<String>,
    target_version: Option<String>,
    metrics: Arc<Metrics>,
    /// The key of the stats, for deliveries: they must not wait for a lock that the shadow policy's thread may have.
    comparison_key: ArcSwapOption<ComparisonKey>,
    stats: Mutex<Stats>,
    queue: Queue,
}

impl Shadow {
    /// Nothing is loaded yet. `options`: those of the live engine. `channels`: those that are bound to a sink.
    pub fn new(
        settings: Settings,
        options: Options,
        channels: BTreeSet<String>,
        target_version: Option<String>,
        revisions: Arc<Revisions>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, EngineError> {
        let engine = Engine::new(Options {
            max_concurrent_calls: INSTANCES,
            ..options
        })?;
        Ok(Self {
            queue: Queue::new(settings.queue),
            file: ShadowFile::new(settings.path.clone(), engine),
            settings,
            revisions,
            channels,
            target_version,
            metrics,
            comparison_key: ArcSwapOption::empty(),
            stats: Stats::new(None).into(),
        })
    }

    /// Loads the shadow policy and lets it judge until `stop`, on a thread of low priority.
    pub fn start(self: Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new()
            .name("tidegate-shadow".to_owned())
            .spawn(move || {
                // On Linux niceness is of this thread and those that it starts.
                let _ = rustix::process::nice(NICE);
                runtime
                    .block_on(stop.run_until_cancelled(async { tokio::join!(self.file.follow(), self.judge_all()) }));
                // Does not wait for a compilation.
                runtime.shutdown_background();
            })?;
        Ok(())
    }

    /// Offers a new event, with the answer of the live policy. Never waits.
    pub fn offer(&self, delivery: &Delivery, revision: &Revision, live: impl FnOnce() -> Answer) {
        if !delivery.is_first() || !is_in_sample(&delivery.event, self.settings.sample) {
            return;
        }
        let Some(shadow) = self.file.policy() else {
            return;
        };
        let Some(comparison_key) = self.key_of(&shadow, revision) else {
            return;
        };
        comparison_key.count_seen();
        if !self.queue.add(delivery, &comparison_key, shadow, live) {
            self.metrics.shadow("skipped");
            comparison_key.count_skipped();
        }
    }

    /// The report of the comparison.
    pub fn report(&self) -> Report {
        let current = self.revisions.current();
        let shadow = self.file.policy();
        let number = current.as_ref().map(|current| current.id().number);
        self.switch_to(shadow.as_ref().map(|policy| policy.digest()).zip(number));
        Report::new(&self.settings, &self.file.state(), current.as_deref(), &self.stats())
    }

    /// The key for an answer of this revision; `None`: the revision was replaced since the delivery began.
    fn key_of(&self, shadow: &Policy, revision: &Revision) -> Option<Arc<ComparisonKey>> {
        let (digest, number) = (shadow.digest(), revision.id().number);
        match self.comparison_key.load_full() {
            Some(comparison_key) if comparison_key.matches(digest, number) => Some(comparison_key),
            _ if self.is_current(revision) => self.switch_to(Some((digest, number))),
            _ => None,
        }
    }

    /// Starts new stats, unless the present ones are of these policies. Returns their key.
    fn switch_to(&self, policies: Option<(&Digest, u64)>) -> Option<Arc<ComparisonKey>> {
        let mut stats = self.stats();
        let is_present = match (stats.comparison_key(), policies) {
            (Some(comparison_key), Some((shadow, revision))) => comparison_key.matches(shadow, revision),
            (comparison_key, policies) => comparison_key.is_none() && policies.is_none(),
        };
        if !is_present {
            let comparison_key = policies.map(|(shadow, revision)| Arc::new(ComparisonKey::new(shadow, revision)));
            *stats = Stats::new(comparison_key);
            self.comparison_key.store(stats.comparison_key().cloned());
        }
        stats.comparison_key().cloned()
    }

    async fn judge_all(&self) {
        while let Some(event) = self.queue.next().await {
            self.judge(&event).await;
        }
    }

    async fn judge(&self, event: &QueuedEvent) {
        if !self.stats().is_of(&event.comparison_key) {
            return;
        }
        let started = Instant::now();
        let answer = self.answer(event).await;
        let elapsed = started.elapsed();
        let changes = compare(&event.live, &answer, self.settings.show_values);
        self.metrics.shadow(match &answer {
            Answer::Fault(_) => "fault",
            Answer::Decided(_) if changes.is_empty() => "same",
            Answer::Decided(_) => "changed",
        });
        let current = self.revisions.current();
        let mut catalogs = vec![event.shadow.catalog()];
        catalogs.extend(current.as_ref().map(|current| current.policy.catalog()));
        let info = EventInfo::new(event, &answer, &catalogs);
        self.stats().record(&event.comparison_key, &info, changes);
        if elapsed >= SLOW {
            tokio::time::sleep(elapsed * PAUSE).await;
        }
    }

    async fn answer(&self, event: &QueuedEvent) -> Answer {
        let context = Context {
            now: event.at.clone(),
            target_version: self.target_version.clone(),
            handed_back: false,
        };
        let decided = event.shadow.process(&event.event, &event.attributes, &context).await;
        let expected = Expected {
            event: &event.event,
            catalog: event.shadow.catalog(),
            now: &event.at,
            is_bound: &|channel| self.channels.contains(channel),
        };
        Answer::of(decided, expected)
    }

    /// A delivery finishes by the revision that it began with, which may have been replaced meanwhile.
    fn is_current(&self, revision: &Revision) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.id().number == revision.id().number)
    }

    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an event is in a sample of this share: the same event always is, or never.
fn is_in_sample(event: &[u8], share: f64) -> bool {
    if share >= 1.0 {
        return true;
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(event);
    let high = u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX);
    f64::from(high) < share * f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::is_in_sample;

    #[test]
    fn a_sample_has_its_share_and_an_event_is_always_or_never_in_it() {
        let events: Vec<_> = (0..10_000).map(|number| format!("event {number}")).collect();
        let sample = |share| {
            events
                .iter()
                .filter(|event| is_in_sample(event.as_bytes(), share))
                .collect::<Vec<_>>()
        };
        assert_eq!(sample(1.0).len(), 10_000);
        assert!((900..1100).contains(&sample(0.1).len()), "{}", sample(0.1).len());
        assert_eq!(sample(0.1), sample(0.1));
        let larger = sample(0.5);
        assert!(sample(0.1).iter().all(|event| larger.contains(event)));
    }
}
