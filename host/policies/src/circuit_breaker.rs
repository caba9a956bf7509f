//! The circuit breaker of a revision tells a bad policy from a bad event.
//!
//! It opens when the policy faults on most new events: the gate turns unready and probes with one event a second. The first
//! decision closes it; another revision starts with a closed one. A sidecar that checks `/readyz`, as in `deploy/`, delivers
//! nothing to an unready gate. So a minute after the last fault the breaker is half-open, and the gate ready. It still
//! probes with one event a second: a decision closes the breaker, a fault on a new event opens it for another minute.
//!
//! Knows no event and no policy: it is notified of decisions and faults.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Calls that are remembered.
const WINDOW: usize = 64;
/// How long a call counts.
const RECENT: Duration = Duration::from_mins(1);
/// The fewest calls that open the breaker.
const ENOUGH: usize = 8;
/// Time between two probes.
const PROBE: Duration = Duration::from_secs(1);

/// The circuit breaker of one revision.
#[derive(Debug, Default)]
pub struct CircuitBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: VecDeque<(Instant, Call)>,
    /// The time of the last fault; `None`: the breaker is closed.
    last_fault: Option<Instant>,
    /// The time of the last probe.
    probed: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Decided,
    Faulted,
}

impl CircuitBreaker {
    /// The policy made a decision, whichever it is: the breaker closes.
    pub fn record_decision(&self) {
        self.state().add(Call::Decided, Instant::now());
    }

    /// The policy faulted on a new event. Faults on retries are not recorded: they tell nothing new.
    pub fn record_fault(&self) {
        self.state().add(Call::Faulted, Instant::now());
    }

    /// False when most of the last calls were faults, and no decision was made since.
    pub fn is_closed(&self) -> bool {
        self.state().last_fault.is_none()
    }

    /// True when it is open and not half-open: the policy faulted less than a minute ago.
    pub fn is_open(&self) -> bool {
        self.state().is_open(Instant::now())
    }

    /// Whether one of the last calls was a decision.
    pub fn has_recent_decision(&self) -> bool {
        let mut state = self.state();
        state.forget(Instant::now());
        let mut calls = state.calls.iter();
        calls.any(|(_, call)| *call == Call::Decided)
    }

    /// Whether the policy may judge an event: any while the breaker is closed, else one a second. While it is open, only an
    /// event on which the policy has not faulted.
    pub fn allows(&self, faulted_before: bool) -> bool {
        self.state().allows(faulted_before, Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, call: Call, now: Instant) {
        if call == Call::Decided && self.last_fault.take().is_some() {
            self.calls.clear();
        }
        self.forget(now);
        if self.calls.len() == WINDOW {
            self.calls.pop_front();
        }
        self.calls.push_back((now, call));
        if call == Call::Faulted && (self.last_fault.is_some() || self.faults_on_most()) {
            self.last_fault = Some(now);
        }
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |(at, _): &(Instant, Call)| now.duration_since(*at) > RECENT;
        while self.calls.front().is_some_and(is_old) {
            self.calls.pop_front();
        }
    }

    fn faults_on_most(&self) -> bool {
        let is_fault = |(_, call): &&(Instant, Call)| *call == Call::Faulted;
        let faults = self.calls.iter().filter(is_fault).count();
        self.calls.len() >= ENOUGH && faults * 2 > self.calls.len()
    }

    fn is_open(&self, now: Instant) -> bool {
        self.last_fault
            .is_some_and(|faulted| now.duration_since(faulted) <= RECENT)
    }

    fn allows(&mut self, faulted_before: bool, now: Instant) -> bool {
        if self.last_fault.is_none() {
            return true;
        }
        if faulted_before && self.is_open(now) {
            return false;
        }
        let due = self.probed.is_none_or(|probed| now.duration_since(probed) >= PROBE);
        if due {
            self.probed = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Call, CircuitBreaker, RECENT, State};

    #[test]
    fn faults_on_few_events_leave_it_closed() {
        let breaker = CircuitBreaker::default();
        for _ in 0..50 {
            breaker.record_fault();
            breaker.record_decision();
        }
        assert!(breaker.is_closed() && breaker.allows(true) && breaker.has_recent_decision());
    }

    #[test]
    fn a_few_calls_leave_it_closed() {
        let breaker = CircuitBreaker::default();
        for _ in 0..7 {
            breaker.record_fault();
        }
        assert!(breaker.is_closed() && !breaker.has_recent_decision());
    }

    #[test]
    fn it_opens_when_most_calls_fault_and_closes_at_a_decision() {
        let breaker = CircuitBreaker::default();
        for _ in 0..8 {
            breaker.record_fault();
        }
        assert!(!breaker.is_closed() && breaker.is_open());
        assert!(!breaker.allows(true), "an event on which it has faulted is no probe");
        assert!(breaker.allows(false), "a new event is a probe");
        assert!(!breaker.allows(false), "there is no second probe at once");
        breaker.record_decision();
        assert!(breaker.is_closed() && !breaker.is_open() && breaker.allows(false));
    }

    #[test]
    fn it_is_half_open_a_minute_after_the_last_fault() {
        let mut state = State::default();
        let start = Instant::now();
        for _ in 0..8 {
            state.add(Call::Faulted, start);
        }
        assert!(state.is_open(start + RECENT));
        let later = start + RECENT + Duration::from_millis(1);
        assert!(!state.is_open(later), "it is half-open");
        assert!(
            state.allows(true, later),
            "the probe may be an event on which it has faulted"
        );
        assert!(!state.allows(false, later), "there is one probe a second");
        let second = later + Duration::from_secs(1);
        assert!(state.allows(false, second));
        state.add(Call::Faulted, second);
        assert!(state.is_open(second), "one fault opens a half-open breaker");

        let third = second + RECENT + Duration::from_secs(1);
        state.add(Call::Decided, third);
        assert!(state.allows(false, third) && state.allows(false, third), "it is closed");
    }
}
