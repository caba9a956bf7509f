//! Is it the event or the policy? A policy that faults on most of what producers send is sick: the gate turns unready and
//! takes no events, but for one a second.
//!
//! A sick policy is well again as soon as it gives a decision, or when another takes its place. Behind a sidecar that asks
//! `/readyz`, as `deploy/` has it, nothing is brought to an unready gate: a minute after the last fault it turns ready
//! again, on trial. It still takes one event a second; the first decision ends the trial, and the first fault of an event
//! that is new makes the gate unready for another minute.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Judgements that are looked back at.
const WINDOW: usize = 64;
/// How far back a judgement counts.
const RECENT: Duration = Duration::from_mins(1);
/// Fewer judgements than these say nothing.
const ENOUGH: usize = 8;
/// How often a sick policy gets an event to prove itself on.
const PROBE: Duration = Duration::from_secs(1);

/// What is known of a policy's health.
#[derive(Debug, Default)]
pub struct CircuitBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    judgements: VecDeque<(Instant, Judgement)>,
    /// When a sick policy faulted last; `None`: it is well.
    sick: Option<Instant>,
    /// When an event was last let through to a sick policy.
    probed: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Passed,
    Faulted,
}

impl CircuitBreaker {
    /// The policy gave a decision, whatever it was. A sick one is better at once.
    pub fn passed(&self) {
        self.state().add(Judgement::Passed, Instant::now());
    }

    /// The policy faulted on an event that a producer has just sent. What is tried again says nothing new.
    pub fn faulted(&self) {
        self.state().add(Judgement::Faulted, Instant::now());
    }

    /// True when most of the last judgements were faults, and there was no decision since.
    pub fn is_sick(&self) -> bool {
        self.state().sick.is_some()
    }

    /// True when it is sick and nothing is to be brought to it: it faulted a short time ago.
    pub fn is_shut(&self) -> bool {
        self.state().is_shut(Instant::now())
    }

    /// True when one of the last judgements was none.
    pub fn passes_others(&self) -> bool {
        let mut state = self.state();
        state.forget(Instant::now());
        let mut judgements = state.judgements.iter();
        judgements.any(|(_, judgement)| *judgement == Judgement::Passed)
    }

    /// True when an event may go to the policy: always while it is well, once a second while it is sick, and as long as it
    /// is shut only one on which it has not faulted yet.
    pub fn admits(&self, faulted_before: bool) -> bool {
        self.state().admits(faulted_before, Instant::now())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, judgement: Judgement, now: Instant) {
        if judgement == Judgement::Passed && self.sick.take().is_some() {
            self.judgements.clear();
        }
        self.forget(now);
        if self.judgements.len() == WINDOW {
            self.judgements.pop_front();
        }
        self.judgements.push_back((now, judgement));
        if judgement == Judgement::Faulted && (self.sick.is_some() || self.faults_on_most()) {
            self.sick = Some(now);
        }
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |(at, _): &(Instant, Judgement)| now.duration_since(*at) > RECENT;
        while self.judgements.front().is_some_and(is_old) {
            self.judgements.pop_front();
        }
    }

    fn faults_on_most(&self) -> bool {
        let is_fault = |(_, judgement): &&(Instant, Judgement)| *judgement == Judgement::Faulted;
        let faults = self.judgements.iter().filter(is_fault).count();
        self.judgements.len() >= ENOUGH && faults * 2 > self.judgements.len()
    }

    fn is_shut(&self, now: Instant) -> bool {
        self.sick.is_some_and(|faulted| now.duration_since(faulted) <= RECENT)
    }

    fn admits(&mut self, faulted_before: bool, now: Instant) -> bool {
        if self.sick.is_none() {
            return true;
        }
        if faulted_before && self.is_shut(now) {
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

    use super::{CircuitBreaker, Judgement, RECENT, State};

    #[test]
    fn one_bad_event_among_good_ones_is_the_events_fault() {
        let health = CircuitBreaker::default();
        for _ in 0..50 {
            health.faulted();
            health.passed();
        }
        assert!(!health.is_sick() && health.admits(true) && health.passes_others());
    }

    #[test]
    fn a_few_faults_say_nothing() {
        let health = CircuitBreaker::default();
        for _ in 0..7 {
            health.faulted();
        }
        assert!(!health.is_sick() && !health.passes_others());
    }

    #[test]
    fn a_policy_that_faults_on_most_is_sick_until_it_gives_a_decision() {
        let health = CircuitBreaker::default();
        for _ in 0..8 {
            health.faulted();
        }
        assert!(health.is_sick() && health.is_shut());
        assert!(!health.admits(true), "not one that it has faulted on");
        assert!(health.admits(false), "an event to prove itself on");
        assert!(!health.admits(false), "and no second one at once");
        health.passed();
        assert!(!health.is_sick() && !health.is_shut() && health.admits(false));
    }

    #[test]
    fn a_sick_policy_to_which_nothing_is_brought_gets_a_trial_after_a_while() {
        let mut state = State::default();
        let start = Instant::now();
        for _ in 0..8 {
            state.add(Judgement::Faulted, start);
        }
        assert!(state.is_shut(start + RECENT));
        let later = start + RECENT + Duration::from_millis(1);
        assert!(!state.is_shut(later), "the gate is ready again");
        assert!(
            state.admits(true, later),
            "for one event, and be it one that was put aside"
        );
        assert!(!state.admits(false, later), "a second");
        let second = later + Duration::from_secs(1);
        assert!(state.admits(false, second));
        state.add(Judgement::Faulted, second);
        assert!(state.is_shut(second), "one fault is enough then");

        let third = second + RECENT + Duration::from_secs(1);
        state.add(Judgement::Passed, third);
        assert!(state.admits(false, third) && state.admits(false, third), "it is well");
    }
}
