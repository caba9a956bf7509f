//! Faults on real daprd, Kafka, Redis and scheduler: every event is published or dead-lettered, whatever is killed,
//! stopped or refused meanwhile.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

mod balance;
mod full;
mod hangs;
mod kills;
mod outages;
mod poison;
mod repeats;
mod rig;
mod schedule;
mod sinks;
mod size;
mod steady;
mod stop;
mod swaps;
mod tiers;
mod unpublished_dead_letters;

use std::process::ExitCode;

use tidegate_harness::{Cluster, Suite};

use crate::size::Size;

fn main() -> ExitCode {
    let size = Size::asked();
    let suite = Suite::new("faults", Cluster::start)
        .limit(size.limit * 2)
        .test("kills of the gate lose nothing", kills::one_gate)
        .test("kills of one of two gates lose nothing", kills::two_gates)
        .test("a gate that hangs and comes back loses nothing", hangs::gate)
        .test("a sidecar that hangs and comes back loses nothing", hangs::sidecar)
        .test("a kill of daprd loses nothing", outages::sidecar)
        .test("Kafka can stop for a while", outages::kafka)
        .test("Redis can stop for a while", outages::redis)
        .test("the scheduler can stop for a while", outages::scheduler)
        .test("Redis can be full for a while", full::state_store)
        .test(
            "SIGTERM under load loses nothing and repeats nothing",
            stop::stopped_under_load,
        )
        .test(
            "a poison message is one complete dead letter, and its partition goes on",
            poison::poison,
        )
        .test(
            "an event is retried as often as its type's schedule says, then dead-lettered",
            schedule::always_failing,
        )
        .test(
            "a sink that sends Retry-After is not called before",
            schedule::retry_after,
        )
        .test("a permanent refusal is not retried", schedule::permanent_refusals)
        .test(
            "an event that is delivered ten times at once is published once",
            repeats::ten_at_once,
        )
        .test(
            "an event that is delivered ten times at once to two gates is published once",
            repeats::ten_at_once_at_two_gates,
        )
        .test(
            "another event with a used id is a dead letter, and the first is untouched",
            repeats::used_id,
        )
        .test(
            "a dead letter that cannot be published is scheduled, and its source acknowledged only then",
            unpublished_dead_letters::unpublished,
        )
        .test(
            "a policy that is replaced under load loses nothing, and every output is of one policy",
            swaps::replaced_under_load,
        )
        .test("retries in topics follow the schedule too", tiers::always_failing)
        .test("retries in topics survive kills", tiers::killed);
    let suite = match size.steady {
        Some(time) => suite
            .limit(time + size.limit * 2)
            .test("the gate's memory stays as it is under a steady load", steady::memory),
        None => suite,
    };
    suite.run()
}
