//! Services that stop for a while under load: the gate recovers by itself when they are back, and waits quietly meanwhile.
//!
//! A sidecar that ends by itself is started again, as an orchestrator does: daprd 1.18.2 can panic in its Kafka client
//! ("send on closed channel") when the broker goes away.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tidegate_harness::{Cluster, Kafka, Process, Redis, Scheduler, Test};
use tidegate_tests::{Ledger, Workload};

use crate::{
    balance::settle,
    rig::{Plan, Rig, Services},
    sinks::three_percent_fail,
    size::Size,
};

/// Share of a core that a gate may use while it waits.
const BUSY: f64 = 0.5;
/// Lines that a gate may log in a second while it waits: the event of each partition is redelivered every 200 ms.
const LINES: f64 = 200.0;

pub(crate) async fn sidecar(test: Test<Cluster>) -> Result<()> {
    let rig = Rig::start(&test, Plan::default(), three_percent_fail).await?;
    under_load(&rig, "daprd", rig.first().daprd.process(), Duration::ZERO).await
}

pub(crate) async fn kafka(test: Test<Cluster>) -> Result<()> {
    let kafka = Kafka::start(&test.services, &test.dir).await?;
    let services = Services {
        kafka: &kafka,
        ..Services::shared(&test)?
    };
    let rig = Rig::start_on(&test, services, Plan::default(), three_percent_fail).await?;
    under_load(&rig, "kafka", kafka.process(), Size::asked().outage).await
}

pub(crate) async fn redis(test: Test<Cluster>) -> Result<()> {
    let shared = Services::shared(&test)?;
    let redis = Redis::start(&test.services, &test.dir).await?;
    let services = Services {
        redis: &redis,
        ..shared
    };
    let rig = Rig::start_on(&test, services, Plan::default(), three_percent_fail).await?;
    under_load(&rig, "redis", redis.process(), Size::asked().outage).await
}

pub(crate) async fn scheduler(test: Test<Cluster>) -> Result<()> {
    let scheduler = Scheduler::start(&test.services, &test.dir).await?;
    let services = Services {
        scheduler: &scheduler,
        ..Services::shared(&test)?
    };
    let rig = Rig::start_on(&test, services, Plan::default(), three_percent_fail).await?;
    under_load(&rig, "scheduler", scheduler.process(), Size::asked().outage).await
}

/// Stops a service at a quarter of the load, starts it again, and takes the balance.
async fn under_load(rig: &Rig<'_>, name: &str, service: &Process, outage: Duration) -> Result<()> {
    let Size { events, limit, .. } = Size::asked();
    let workload = Workload::new(name, events);
    let ledger = Ledger::new(&workload, rig.load(&workload).await?);
    rig.sinks.wait_taken(workload.outputs() / 4, limit).await?;

    let before = Use::of(rig)?;
    let stopped = Instant::now();
    service.kill9();
    let taken = rig.sinks.taken();
    let restarts = AtomicUsize::new(0);
    let course = async {
        tokio::time::sleep(outage).await;
        let used = Use::of(rig)?.since(&before);
        service.restart().await?;
        let down = stopped.elapsed().as_secs_f64();
        let balance = settle(&ledger, rig, limit).await?;
        anyhow::Ok((used, down, balance))
    };
    let (used, down, balance) = tokio::select! {
        ended = course => ended?,
        failed = keep_sidecars(rig, service, &restarts) => return failed,
    };
    println!(
        "{name} stopped for {down:.1} s with {taken} outputs taken: {balance}; the gate used {:.2} s of a core and logged {} lines meanwhile; sidecars ended by themselves {} times; all was done {:.1} s after the start",
        used.cpu,
        used.lines,
        restarts.into_inner(),
        stopped.elapsed().as_secs_f64() - down,
    );
    ensure!(
        taken < workload.outputs(),
        "the load was over before {name} was stopped"
    );
    let outage = outage.as_secs_f64();
    ensure!(used.cpu <= BUSY * outage + 0.5, "the gate was busy: {:.2} s", used.cpu);
    ensure!(
        used.lines <= LINES * outage + 100.0,
        "the gate wrote {} lines",
        used.lines
    );
    Ok(())
}

/// Starts sidecars again that end by themselves, as an orchestrator does: when its broker is killed, a consumer in
/// daprd can panic ("send on closed channel"). Only ends when one cannot be started.
async fn keep_sidecars(rig: &Rig<'_>, stopped: &Process, restarts: &AtomicUsize) -> Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for daprd in rig.replicas.iter().map(|replica| replica.daprd.process()) {
            if !std::ptr::eq(daprd, stopped) && daprd.exit_status().is_some() {
                daprd.restart().await?;
                restarts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// What a gate has used so far.
struct Use {
    cpu: f64,
    lines: f64,
}

impl Use {
    #[allow(clippy::cast_precision_loss, reason = "a log has less than 2^53 lines")]
    fn of(rig: &Rig<'_>) -> Result<Self> {
        let gate = rig.first().gate.process();
        let log = std::fs::read_to_string(gate.log()).context("the gate's log")?;
        Ok(Self {
            cpu: gate.cpu_seconds()?,
            lines: log.lines().count() as f64,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            lines: self.lines - before.lines,
        }
    }
}
