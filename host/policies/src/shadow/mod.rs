//! A shadow policy judges a copy of live traffic, and the differences are kept for people to look at.
//!
//! It never publishes: nothing here can reach a sink. Without a shadow policy it costs live traffic a look at one
//! `Option`; with one, a few copies of short texts for each event in the sample. The events themselves are shared. The
//! shadow policy runs in an engine and on a thread of its own, at low priority, one call at a time; what does not fit into
//! its queue is skipped, never waited for.

mod answer;
mod compare;
mod comparison_key;
mod file;
mod json;
mod outputs;
mod report;
mod stats;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hasher},
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tidegate_engine::{CallError, Context, Digest, Engine, EngineError, Options, Policy};
use tidegate_metrics::Metrics;
use tidegate_model::delivery::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

pub use self::{answer::Answer, report::Report};
use self::{
    comparison_key::ComparisonKey,
    file::ShadowState,
    stats::{About, Stats},
};
use crate::{
    decision::Usable,
    revision::{Revision, Revisions},
};

/// Bytes of events and outputs that may wait for the shadow policy.
const WAITING_BYTES: usize = 32 << 20;
/// How much its thread makes way for others: on a busy machine it gets a tenth of a core, not nothing.
const NICE: i32 = 10;
/// A call that takes so long is followed by a rest, or a shadow policy that loops would keep a core busy.
const SLOW: Duration = Duration::from_millis(5);
/// How many times as long the rest is: a slow shadow gets a fifth of a core at most.
const REST: u32 = 4;
/// Instances that the shadow policy's engine has memory for: one that judges, and one that is loaded or tested.
const INSTANCES: u32 = 2;
/// What the shadow policy is, and how much it gets to judge.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its file.
    pub path: PathBuf,
    /// Share of the events that it gets; above 0, at most 1.
    pub sample: f64,
    /// Events that may wait for it.
    pub queue: usize,
    /// Whether values that differ are shown.
    pub show_values: bool,
}

/// The shadow policy and what is known of it.
#[derive(Debug)]
pub struct Shadow {
    settings: Settings,
    engine: Engine,
    revisions: Arc<Revisions>,
    /// The channels that lead somewhere.
    channels: BTreeSet<String>,
    target_version: Option<String>,
    metrics: Arc<Metrics>,
    /// The shadow policy, while there is one that can judge.
    policy: ArcSwapOption<Policy>,
    state: Mutex<ShadowState>,
    /// That of the stats, for those who must not wait: the shadow policy's thread may be held up while it has the stats.
    comparison_key: ArcSwapOption<ComparisonKey>,
    stats: Mutex<Stats>,
    queue: mpsc::Sender<Case>,
    cases: tokio::sync::Mutex<mpsc::Receiver<Case>>,
    memory: Arc<Semaphore>,
}

/// One event that waits for the shadow policy, and what the live policy decided.
#[derive(Debug)]
struct Case {
    comparison_key: Arc<ComparisonKey>,
    shadow: Arc<Policy>,
    event: Bytes,
    at: String,
    source: String,
    live: Answer,
    _memory: OwnedSemaphorePermit,
}

impl Shadow {
    /// Nothing is loaded yet. `options` are those of the live engine, and `channels` those that lead to a sink.
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
        let (queue, cases) = mpsc::channel(settings.queue);
        Ok(Self {
            settings,
            engine,
            revisions,
            channels,
            target_version,
            metrics,
            policy: ArcSwapOption::empty(),
            state: Mutex::default(),
            comparison_key: ArcSwapOption::empty(),
            stats: Stats::under(None).into(),
            queue,
            cases: cases.into(),
            memory: Arc::new(Semaphore::new(WAITING_BYTES)),
        })
    }

    /// Loads the shadow policy and judges by it until `stop`, on a thread that makes way for others.
    pub fn start(self: Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new()
            .name("tidegate-shadow".to_owned())
            .spawn(move || {
                // On Linux it is the thread's own, and that of the threads which it starts.
                let _ = rustix::process::nice(NICE);
                runtime.block_on(stop.run_until_cancelled(async { tokio::join!(self.follow(), self.judge_all()) }));
                // A shadow policy that is being compiled is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(())
    }

    /// Offers what a producer sent, once the live policy has judged it. Never waits.
    pub fn offer(&self, delivery: &Delivery, revision: &Revision, live: impl FnOnce() -> Answer) {
        if !delivery.is_first() || !is_in_sample(&delivery.event, self.settings.sample) {
            return;
        }
        let Some(shadow) = self.policy.load_full() else {
            return;
        };
        let Some(comparison_key) = self.key_of(&shadow, revision) else {
            return;
        };
        comparison_key.see();
        if self.enqueue(delivery, &comparison_key, shadow, live).is_none() {
            self.metrics.shadow("skipped");
            comparison_key.skip();
        }
    }

    /// What is known by now.
    pub fn report(&self) -> Report {
        let current = self.revisions.current();
        let shadow = self.policy.load_full();
        let number = current.as_ref().map(|current| current.id().number);
        self.turn_to(shadow.as_ref().map(|policy| policy.digest()).zip(number));
        Report::new(&self.settings, &self.state(), current.as_deref(), &self.stats())
    }

    /// The comparison_key under which a judgement of this revision belongs; `None`: another one judges by now, and this is of a
    /// delivery that began before.
    fn key_of(&self, shadow: &Policy, revision: &Revision) -> Option<Arc<ComparisonKey>> {
        let (digest, number) = (shadow.digest(), revision.id().number);
        match self.comparison_key.load_full() {
            Some(comparison_key) if comparison_key.is_of(digest, number) => Some(comparison_key),
            _ if self.is_current(revision) => self.turn_to(Some((digest, number))),
            _ => None,
        }
    }

    /// Begins the stats anew when it is about other policies than these.
    fn turn_to(&self, policies: Option<(&Digest, u64)>) -> Option<Arc<ComparisonKey>> {
        let mut stats = self.stats();
        let is_open = match (stats.comparison_key(), policies) {
            (Some(comparison_key), Some((shadow, revision))) => comparison_key.is_of(shadow, revision),
            (comparison_key, policies) => comparison_key.is_none() && policies.is_none(),
        };
        if !is_open {
            let comparison_key = policies.map(|(shadow, revision)| Arc::new(ComparisonKey::new(shadow, revision)));
            *stats = Stats::under(comparison_key);
            self.comparison_key.store(stats.comparison_key().cloned());
        }
        stats.comparison_key().cloned()
    }

    fn enqueue(
        &self,
        delivery: &Delivery,
        comparison_key: &Arc<ComparisonKey>,
        shadow: Arc<Policy>,
        live: impl FnOnce() -> Answer,
    ) -> Option<()> {
        let place = self.queue.try_reserve().ok()?;
        let live = live();
        let bytes = u32::try_from(delivery.event.len() + live.bytes()).ok()?;
        let memory = self.memory.clone().try_acquire_many_owned(bytes).ok()?;
        place.send(Case {
            comparison_key: comparison_key.clone(),
            shadow,
            event: delivery.event.clone(),
            at: delivery.at.clone(),
            source: delivery.source.to_string(),
            live,
            _memory: memory,
        });
        Some(())
    }

    async fn judge_all(&self) {
        let mut cases = self.cases.lock().await;
        while let Some(case) = cases.recv().await {
            self.judge(&case).await;
        }
    }

    async fn judge(&self, case: &Case) {
        if !self.stats().is_under(&case.comparison_key) {
            return;
        }
        let started = Instant::now();
        let answer = self.ask(case).await;
        let took = started.elapsed();
        let changes = compare::compare(&case.live, &answer, self.settings.show_values);
        self.metrics.shadow(match &answer {
            Answer::Fault(_) => "fault",
            Answer::Decided(_) if changes.is_empty() => "same",
            Answer::Decided(_) => "changed",
        });
        let current = self.revisions.current();
        let mut catalogs = vec![case.shadow.catalog()];
        catalogs.extend(current.as_ref().map(|current| current.policy.catalog()));
        let about = About::new(case, &answer, &catalogs);
        self.stats().record(&case.comparison_key, &about, changes);
        if took >= SLOW {
            tokio::time::sleep(took * REST).await;
        }
    }

    async fn ask(&self, case: &Case) -> Answer {
        let context = Context {
            now: case.at.clone(),
            target_version: self.target_version.clone(),
        };
        match case.shadow.process(&case.event, &context).await {
            Ok(decided) => match Usable::check(decided, &case.event, |channel| self.channels.contains(channel)) {
                Ok(decision) => Answer::Decided(decision),
                Err(unusable) => Answer::Fault(unusable.kind()),
            },
            Err(CallError::Fault(fault)) => Answer::Fault(fault.kind.as_str()),
            Err(CallError::Misuse(_)) => Answer::Fault("misuse"),
        }
    }

    /// Deliveries that began before a swap are finished by the policy that was left.
    fn is_current(&self, revision: &Revision) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.id().number == revision.id().number)
    }

    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, ShadowState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an event is in a sample of this share: always, or never.
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
    fn a_sample_has_its_share_and_an_event_is_always_in_it_or_never() {
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
