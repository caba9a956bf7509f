//! Latencies of phases that take turns. What else a machine does comes in bursts: a p99 of all rounds together is that of
//! the worst burst, so the p99 of a round is what phases are compared by.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use tidegate_tests::Delivered;

use super::figures::{Spread, millis};

/// What went on meanwhile, and when.
pub(crate) struct Phase {
    name: String,
    rounds: Vec<Range<Instant>>,
}

impl Phase {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rounds: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, round: Range<Instant>) {
        self.rounds.push(round);
    }

    fn seconds(&self) -> f64 {
        let rounds = self.rounds.iter().map(|round| round.end - round.start);
        rounds.sum::<Duration>().as_secs_f64()
    }

    fn spread(&self, delivered: &[Delivered]) -> Spread {
        let within = delivered
            .iter()
            .filter(|one| self.rounds.iter().any(|round| round.contains(&one.due)));
        Spread::of(within.map(Delivered::latency).collect())
    }

    /// The p99 of each round.
    pub(crate) fn p99s(&self, delivered: &[Delivered]) -> Spread {
        let p99 = |round: &Range<Instant>| {
            let within = delivered.iter().filter(|one| round.contains(&one.due));
            Spread::of(within.map(Delivered::latency).collect()).at(0.99)
        };
        Spread::of(self.rounds.iter().map(p99).collect())
    }
}

/// Prints a row for each phase; the first is what the others are compared with.
pub(crate) fn print(phases: &[Phase], delivered: &[Delivered]) {
    println!(
        "| meanwhile | rounds | seconds | deliveries | p50, ms | p99, ms | most, ms | p99 of a round: least, median, most | median ÷ without |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut without = None;
    for phase in phases {
        let (all, rounds) = (phase.spread(delivered), phase.p99s(delivered));
        let median = rounds.at(0.5);
        let ratio = median.as_secs_f64() / without.get_or_insert(median).as_secs_f64();
        println!(
            "| {} | {} | {:.0} | {} | {} | {} | {} | {}, {}, {} | {ratio:.2} |",
            phase.name,
            rounds.count(),
            phase.seconds(),
            all.count(),
            millis(all.at(0.5)),
            millis(all.at(0.99)),
            millis(all.most()),
            millis(rounds.least()),
            millis(median),
            millis(rounds.most()),
        );
    }
}
