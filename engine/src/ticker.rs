//! The clock of deadlines. It ticks while policies run and stops while none does. Knows no engine.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

/// How often it ticks.
pub(crate) const TICK: Duration = Duration::from_millis(2);

/// Ticks without a running policy before it stops, one second: waking it costs a call some microseconds.
const LINGER: u32 = 500;

/// A thread that ticks. It ends when this is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    stopped: AtomicBool,
}

/// The clock ticks as long as this is held.
pub(crate) struct Ticking<'a>(&'a Shared);

impl Ticker {
    /// Starts the thread; it does not tick yet.
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new().name("tidegate-epoch".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.keep_ticking(tick)
        })?;
        Ok(Self {
            shared,
            thread: thread.thread().clone(),
        })
    }

    /// Keeps it ticking.
    pub(crate) fn ticking(&self) -> Ticking<'_> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        // While it ticks, this costs no more than a store.
        self.thread.unpark();
        Ticking(&self.shared)
    }
}

impl Shared {
    fn keep_ticking(&self, tick: impl Fn()) {
        let mut idle = LINGER;
        while !self.stopped.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) > 0 {
                idle = 0;
            } else if idle < LINGER {
                idle += 1;
            } else {
                // A policy that started after the check above has left a token, and this returns at once.
                thread::park();
                continue;
            }
            thread::sleep(TICK);
            tick();
        }
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
        thread,
        time::{Duration, Instant},
    };

    use super::Ticker;

    /// Waits until a condition holds.
    fn until(condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_mins(1);
        while !condition() {
            assert!(Instant::now() < end, "the condition never holds");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn it_ticks_while_a_policy_runs_and_stops_when_none_does() {
        let ticks = Arc::new(AtomicU64::new(0));
        let ticker = Ticker::start({
            let ticks = ticks.clone();
            move || {
                ticks.fetch_add(1, Ordering::SeqCst);
            }
        })
        .expect("a thread");
        let seen = || ticks.load(Ordering::SeqCst);
        let is_still = || {
            let before = seen();
            thread::sleep(Duration::from_millis(100));
            seen() == before
        };
        assert!(is_still(), "it does not tick at first");
        for _ in 0..3 {
            let before = seen();
            let one = ticker.ticking();
            let other = ticker.ticking();
            until(|| seen() > before + 5);
            drop(one);
            let before = seen();
            until(|| seen() > before + 5);
            drop(other);
            until(is_still);
        }
        drop(ticker);
        until(|| Arc::strong_count(&ticks) == 1);
    }
}
