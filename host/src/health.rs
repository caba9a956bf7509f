//! Is it the event or the policy? A policy that faults on most events is sick, and judges none until it is better.

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
pub struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    judgements: VecDeque<(Instant, Judgement)>,
    /// When an event was last let through to a sick policy.
    probed: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Passed,
    Faulted,
}

impl Health {
    /// The policy gave a verdict, whatever it was. A sick one is better at once.
    pub fn passed(&self) {
        let mut state = self.state();
        if state.is_sick() {
            state.judgements.clear();
        }
        state.add(Judgement::Passed);
    }

    /// The policy faulted.
    pub fn faulted(&self) {
        self.state().add(Judgement::Faulted);
    }

    /// True when most of the last judgements were faults.
    pub fn is_sick(&self) -> bool {
        self.state().is_sick()
    }

    /// True when one of the last judgements was none.
    pub fn passes_others(&self) -> bool {
        let mut state = self.state();
        state.forget();
        state
            .judgements
            .iter()
            .any(|(_, judgement)| *judgement == Judgement::Passed)
    }

    /// True when an event may go to the policy: always while it is well, once a second while it is sick, and then only one
    /// on which it has not faulted yet.
    pub fn admits(&self, faulted_before: bool) -> bool {
        let mut state = self.state();
        if !state.is_sick() {
            return true;
        }
        if faulted_before {
            return false;
        }
        let due = state.probed.is_none_or(|probed| probed.elapsed() >= PROBE);
        if due {
            state.probed = Some(Instant::now());
        }
        due
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, judgement: Judgement) {
        if self.judgements.len() == WINDOW {
            self.judgements.pop_front();
        }
        self.judgements.push_back((Instant::now(), judgement));
    }

    fn forget(&mut self) {
        while self.judgements.front().is_some_and(|(at, _)| at.elapsed() > RECENT) {
            self.judgements.pop_front();
        }
    }

    fn is_sick(&mut self) -> bool {
        self.forget();
        let faults = self
            .judgements
            .iter()
            .filter(|(_, judgement)| *judgement == Judgement::Faulted)
            .count();
        self.judgements.len() >= ENOUGH && faults * 2 > self.judgements.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn one_bad_event_among_good_ones_is_the_events_fault() {
        let health = Health::default();
        for _ in 0..50 {
            health.faulted();
            health.passed();
        }
        assert!(!health.is_sick() && health.admits(true) && health.passes_others());
    }

    #[test]
    fn a_few_faults_say_nothing() {
        let health = Health::default();
        for _ in 0..7 {
            health.faulted();
        }
        assert!(!health.is_sick() && !health.passes_others());
    }

    #[test]
    fn a_policy_that_faults_on_most_is_sick_until_it_gives_a_verdict() {
        let health = Health::default();
        for _ in 0..8 {
            health.faulted();
        }
        assert!(health.is_sick());
        assert!(!health.admits(true), "not one that it has faulted on");
        assert!(health.admits(false), "an event to prove itself on");
        assert!(!health.admits(false), "and no second one at once");
        health.passed();
        assert!(!health.is_sick() && health.admits(false));
    }
}
