//! The clock of deadlines: it ticks while policies run, and rests while none does. It knows no engine.

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

/// Ticks for nobody before it rests, a second: to wake it costs a call some microseconds.
const LINGER: u32 = 500;

/// A thread that ticks; it ends with this.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    stopped: AtomicBool,
}

/// As long as it is held, there are ticks.
pub(crate) struct Ticking<'a>(&'a Shared);

impl Ticker {
    /// Starts it, at rest.
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

    /// Has it tick.
    pub(crate) fn ticking(&self) -> Ticking<'_> {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        // While it ticks, this is a store and no more.
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
                // Whoever began to run after the look above has left a token, with which this returns at once.
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

    /// Waits until something is so.
    fn until(is_so: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_mins(1);
        while !is_so() {
            assert!(Instant::now() < end, "it does not come");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn it_ticks_while_something_runs_and_rests_when_nothing_does() {
        let ticks = Arc::new(AtomicU64::new(0));
        let ticker = Ticker::start({
            let ticks = ticks.clone();
            move || {
                ticks.fetch_add(1, Ordering::SeqCst);
            }
        })
        .expect("a thread");
        let seen = || ticks.load(Ordering::SeqCst);
        let rests = || {
            let before = seen();
            thread::sleep(Duration::from_millis(100));
            seen() == before
        };
        assert!(rests(), "it begins at rest");
        for _ in 0..3 {
            let before = seen();
            let one = ticker.ticking();
            let other = ticker.ticking();
            until(|| seen() > before + 5);
            drop(one);
            let before = seen();
            until(|| seen() > before + 5);
            drop(other);
            until(rests);
        }
        drop(ticker);
        until(|| Arc::strong_count(&ticks) == 1);
    }
}
