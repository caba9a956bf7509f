//! A candidate policy judges a copy of live traffic, and what it would do otherwise is kept for people to look at.
//!
//! It never publishes: nothing here can reach a sink. It costs live traffic a look at one `Option` where there is no
//! candidate, and else a few copies of short texts for each event in the sample: the events themselves are shared, not
//! copied. The candidate runs on a thread of its own that makes way for others, in an engine of its own, one call at a
//! time; what does not fit into its queue is passed over, never waited for.

mod book;
mod candidate;
mod compare;
mod heading;
mod json;
mod outputs;
mod report;
mod said;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hasher},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use tidegate_engine::{CallError, Context, Digest, Engine, EngineError, Options, Policy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{self, Config},
    delivery::Delivery,
    revision::{Revision, Revisions},
    metrics::Metrics,
};
use book::{About, Book};
use candidate::Standing;
use heading::Heading;
pub use report::Report;
pub(crate) use said::{Judged, Said, Sent};

/// Bytes of events and outputs that may wait for the candidate.
const WAITING_BYTES: usize = 32 << 20;
/// How much its thread makes way for others: on a busy machine it gets a tenth of a core, not nothing.
const NICE: i32 = 10;
/// A call that takes so long is followed by a rest, or a candidate that loops would keep a core busy.
const SLOW: Duration = Duration::from_millis(5);
/// How many times as long the rest is: a slow candidate gets a fifth of a core at most.
const REST: u32 = 4;
/// Instances that the candidate's engine has room for: one that judges, and one that is loaded or tested.
const INSTANCES: u32 = 2;
/// How often the file is looked at where the policy's own is not watched.
const POLL: Duration = Duration::from_secs(2);

/// The candidate and what is known of it.
#[derive(Debug)]
pub struct Shadow {
    settings: config::ShadowPolicy,
    poll: Duration,
    engine: Engine,
    revisions: Arc<Revisions>,
    /// The channels that lead somewhere.
    channels: BTreeSet<String>,
    target_version: Option<String>,
    metrics: Arc<Metrics>,
    /// The candidate, while there is one that can judge.
    candidate: ArcSwapOption<Policy>,
    standing: Mutex<Standing>,
    /// That of the book, for those who must not wait: the candidate's thread may be held up while it has the book.
    heading: ArcSwapOption<Heading>,
    book: Mutex<Book>,
    queue: mpsc::Sender<Case>,
    cases: tokio::sync::Mutex<mpsc::Receiver<Case>>,
    room: Arc<Semaphore>,
}

/// One event that waits for the candidate, and what the live policy said of it.
#[derive(Debug)]
struct Case {
    heading: Arc<Heading>,
    candidate: Arc<Policy>,
    event: Bytes,
    at: String,
    source: String,
    live: Said,
    _room: OwnedSemaphorePermit,
}

impl Shadow {
    /// For the candidate that the configuration names; `None`: it names none. Nothing is loaded yet.
    pub fn new(
        config: &Config,
        revisions: Arc<Revisions>,
        metrics: Arc<Metrics>,
    ) -> Result<Option<Self>, EngineError> {
        let Some(settings) = config.policy.candidate.clone() else {
            return Ok(None);
        };
        let engine = Engine::new(Options {
            max_concurrent_calls: INSTANCES,
            ..config.engine.clone()
        })?;
        let (queue, cases) = mpsc::channel(settings.queue);
        Ok(Some(Self {
            settings,
            poll: config.policy.reload.map_or(POLL, |reload| reload.poll),
            engine,
            revisions,
            channels: config.channels.keys().cloned().collect(),
            target_version: config.policy.target_version.clone(),
            metrics,
            candidate: ArcSwapOption::empty(),
            standing: Mutex::default(),
            heading: ArcSwapOption::empty(),
            book: Book::under(None).into(),
            queue,
            cases: cases.into(),
            room: Arc::new(Semaphore::new(WAITING_BYTES)),
        }))
    }

    /// Loads the candidate and judges by it until `stop`, on a thread that makes way for others.
    pub fn start(self: Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new()
            .name("tidegate-shadow".to_owned())
            .spawn(move || {
                // On Linux it is the thread's own, and that of the threads which it starts.
                let _ = rustix::process::nice(NICE);
                runtime.block_on(stop.run_until_cancelled(async { tokio::join!(self.follow(), self.judge_all()) }));
                // A candidate that is being compiled is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(())
    }

    /// Offers what a producer sent, once the live policy has judged it. Never waits.
    pub(crate) fn offer(&self, delivery: &Delivery, revision: &Revision, live: impl FnOnce() -> Said) {
        if !delivery.is_first() || !is_in_sample(&delivery.event, self.settings.sample) {
            return;
        }
        let Some(candidate) = self.candidate.load_full() else {
            return;
        };
        let Some(heading) = self.heading_of(&candidate, revision) else {
            return;
        };
        heading.see();
        if self.enqueue(delivery, &heading, candidate, live).is_none() {
            self.metrics.shadow("passed-over");
            heading.pass_over();
        }
    }

    /// What is known by now.
    pub fn report(&self) -> Report {
        let current = self.revisions.current();
        let candidate = self.candidate.load_full();
        let number = current.as_ref().map(|current| current.label().number);
        self.turn_to(candidate.as_ref().map(|policy| policy.digest()).zip(number));
        Report::new(&self.settings, &self.standing(), current.as_deref(), &self.book())
    }

    /// The heading under which a judgement of this revision belongs; `None`: another one judges by now, and this is of a
    /// delivery that began before.
    fn heading_of(&self, candidate: &Policy, revision: &Revision) -> Option<Arc<Heading>> {
        let (digest, number) = (candidate.digest(), revision.label().number);
        match self.heading.load_full() {
            Some(heading) if heading.is_of(digest, number) => Some(heading),
            _ if self.is_current(revision) => self.turn_to(Some((digest, number))),
            _ => None,
        }
    }

    /// Begins the book anew when it is about other policies than these.
    fn turn_to(&self, policies: Option<(&Digest, u64)>) -> Option<Arc<Heading>> {
        let mut book = self.book();
        let is_open = match (book.heading(), policies) {
            (Some(heading), Some((candidate, revision))) => heading.is_of(candidate, revision),
            (heading, policies) => heading.is_none() && policies.is_none(),
        };
        if !is_open {
            let heading = policies.map(|(candidate, revision)| Arc::new(Heading::new(candidate, revision)));
            *book = Book::under(heading);
            self.heading.store(book.heading().cloned());
        }
        book.heading().cloned()
    }

    fn enqueue(
        &self,
        delivery: &Delivery,
        heading: &Arc<Heading>,
        candidate: Arc<Policy>,
        live: impl FnOnce() -> Said,
    ) -> Option<()> {
        let place = self.queue.try_reserve().ok()?;
        let live = live();
        let bytes = u32::try_from(delivery.event.len() + live.bytes()).ok()?;
        let room = self.room.clone().try_acquire_many_owned(bytes).ok()?;
        place.send(Case {
            heading: heading.clone(),
            candidate,
            event: delivery.event.clone(),
            at: delivery.at.clone(),
            source: delivery.source.to_string(),
            live,
            _room: room,
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
        if !self.book().is_under(&case.heading) {
            return;
        }
        let started = Instant::now();
        let said = self.ask(case).await;
        let took = started.elapsed();
        let changes = compare::compare(&case.live, &said, self.settings.show_values);
        self.metrics.shadow(match &said {
            Said::Fault(_) => "fault",
            Said::Decided(_) if changes.is_empty() => "same",
            Said::Decided(_) => "changed",
        });
        let current = self.revisions.current();
        let mut catalogs = vec![case.candidate.catalog()];
        catalogs.extend(current.as_ref().map(|current| current.policy.catalog()));
        let about = About::new(case, &said, &catalogs);
        self.book().record(&case.heading, &about, changes);
        if took >= SLOW {
            tokio::time::sleep(took * REST).await;
        }
    }

    async fn ask(&self, case: &Case) -> Said {
        let context = Context {
            now: case.at.clone(),
            target_version: self.target_version.clone(),
        };
        match case.candidate.process(&case.event, &context).await {
            Ok(decided) => Said::checked(decided, &case.event, &self.channels),
            Err(CallError::Fault(fault)) => Said::Fault(fault.kind.as_str()),
            Err(CallError::Misuse(_)) => Said::Fault("misuse"),
        }
    }

    /// Deliveries that began before a swap are finished by the policy that was left.
    fn is_current(&self, revision: &Revision) -> bool {
        let current = self.revisions.current();
        current.is_some_and(|current| current.label().number == revision.label().number)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
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
