//! The services themselves: records are exact, and what is killed comes back with its data.
#![allow(clippy::print_stdout, reason = "times that people want to see")]

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tidegate_harness::{App, Cluster, Daprd, Kafka, Process, Record, Redis, Scheduler, Suite, Test, component, wait};

fn main() -> ExitCode {
    Suite::new("services", Cluster::start)
        .test("records come back byte for byte", exact)
        .test(
            "a killed broker comes back with its records and the same client goes on",
            broker,
        )
        .test("a killed Redis comes back with its data on its port", redis)
        .test("a killed scheduler comes back with its jobs on its port", scheduler)
        .test("a frozen sidecar answers nothing until it is thawed", frozen)
        .test("a service that waits uses little time and little memory", idle)
        .test("SIGTERM ends a sidecar with exit code 0", terminated)
        .run()
}

async fn exact(test: Test<Cluster>) -> Result<()> {
    let kafka = &test.shared.kafka;
    kafka.create_topic(&test.id, 3).await?;
    let bytes: Vec<u8> = (0..=255).collect();
    let records = vec![
        Record::new(bytes.clone())
            .key(bytes.clone())
            .header("any", bytes.clone()),
        Record {
            key: Some(vec![]),
            value: None,
            partition: Some(1),
            ..Record::default()
        },
        Record {
            value: Some(vec![]),
            partition: Some(2),
            ..Record::default()
        },
        Record::new("keyed").key("user-1"),
        Record::new("keyed").key("user-1"),
    ];
    let places = kafka.produce_all(&test.id, records.clone()).await?;
    assert_eq!(places[3].0, places[4].0, "equal keys, equal partition");
    let stored = kafka.wait_for(&test.id, records.len(), wait::PATIENCE).await?;
    assert_eq!(stored.len(), records.len());
    for (record, place) in records.iter().zip(places) {
        let found = stored.iter().find(|found| (found.partition, found.offset) == place);
        let found = found.expect("what was written is there");
        assert_eq!(
            (&found.key, &found.headers, &found.value),
            (&record.key, &record.headers, &record.value)
        );
    }
    Ok(())
}

/// Kills a service, starts it again after a while, and says how long that took.
async fn down(name: &str, process: &Process) -> Result<()> {
    let took = process.down_for(Duration::from_secs(1)).await?;
    println!("{name} was up again {:.1} s after its start", took.as_secs_f64());
    Ok(())
}

async fn broker(test: Test<Cluster>) -> Result<()> {
    // A broker of its own: the others' is not to be killed.
    let kafka = Kafka::start(&test.services, &test.dir).await?;
    kafka.create_topic("kept", 1).await?;
    kafka.produce("kept", Record::new("before")).await?;
    let address = kafka.address();
    down("Kafka", kafka.process()).await?;
    assert_eq!(kafka.address(), address);
    kafka.produce("kept", Record::new("after")).await?;
    let values: Vec<_> = kafka
        .read("kept")
        .await?
        .into_iter()
        .filter_map(|stored| stored.value)
        .collect();
    assert_eq!(values, [b"before".to_vec(), b"after".to_vec()]);
    Ok(())
}

async fn redis(test: Test<Cluster>) -> Result<()> {
    test.shared.redis()?;
    let redis = Redis::start(&test.services, &test.dir).await?;
    let store = component::redis_state("store", &redis);
    let daprd = Daprd::new(&test.id)
        .component(store)
        .start(&test.services, &test.dir)
        .await?;
    let saved = daprd
        .post("/v1.0/state/store", &json!([{"key": "k", "value": "v"}]))
        .await?;
    assert_eq!(saved.status(), 204);
    down("Redis", redis.process()).await?;
    let read = wait::until("the sidecar to find Redis again", wait::PATIENCE, async || {
        let answer = daprd.get("/v1.0/state/store/k").await.ok()?;
        answer.status().is_success().then_some(answer)
    });
    assert_eq!(read.await?.text().await?, "\"v\"");
    Ok(())
}

async fn scheduler(test: Test<Cluster>) -> Result<()> {
    let scheduler = Scheduler::start(&test.services, &test.dir).await?;
    let app = App::start([]).await?;
    let daprd = Daprd::new(&test.id).app(&app).scheduler(&scheduler);
    let daprd = daprd.start(&test.services, &test.dir).await?;
    let job = json!({"dueTime": "2s", "data": "kept"});
    assert_eq!(daprd.post("/v1.0/jobs/one", &job).await?.status(), 204);
    down("the scheduler", scheduler.process()).await?;
    assert_eq!(app.wait_for("/job/one", 1).await?[0].json()?, "kept");
    Ok(())
}

async fn idle(test: Test<Cluster>) -> Result<()> {
    let daprd = Daprd::new(&test.id).start(&test.services, &test.dir).await?;
    let before = daprd.process().cpu_seconds()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = daprd.process().cpu_seconds()? - before;
    assert!(used < 0.5, "{used} s in 2 s");
    let memory = daprd.process().resident_bytes()?;
    assert!((10 << 20..500 << 20).contains(&memory), "{memory}");
    daprd.process().kill9();
    assert!(daprd.process().resident_bytes().is_err(), "it is gone");
    Ok(())
}

async fn frozen(test: Test<Cluster>) -> Result<()> {
    let daprd = Daprd::new(&test.id).start(&test.services, &test.dir).await?;
    daprd.process().freeze()?;
    let asked = tokio::time::timeout(Duration::from_millis(300), daprd.get("/v1.0/healthz/outbound"));
    assert!(asked.await.is_err(), "no answer");
    daprd.process().thaw()?;
    assert!(daprd.get("/v1.0/healthz/outbound").await?.status().is_success());
    Ok(())
}

async fn terminated(test: Test<Cluster>) -> Result<()> {
    let daprd = Daprd::new(&test.id).start(&test.services, &test.dir).await?;
    let status = daprd.process().terminate(wait::PATIENCE).await?;
    assert_eq!(status.code(), Some(0));
    Ok(())
}
