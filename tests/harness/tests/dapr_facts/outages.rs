//! How long the sidecar takes to report that a service behind it is down, and how soon it works again.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tidegate_harness::{App, Cluster, Daprd, Kafka, Redis, RunningDaprd, Scheduler, Suite, Test, component, wait};

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("publishing to a broker that is down answers 500 within seconds", broker)
        .test(
            "publishing to a topic that does not exist answers 500 within seconds",
            topic,
        )
        .test("state in a Redis that is down answers 500 within ten seconds", redis)
        .test(
            "a job cannot be made while the scheduler is down, which can take 30 seconds to say",
            scheduler,
        )
        .test(
            "a call whose caller has timed out makes no job when the scheduler is back",
            timed_out,
        )
}

/// The status of a call and the time it took.
async fn timed(call: impl Future<Output = Result<reqwest::Response>>) -> Result<(u16, Duration, String)> {
    let start = Instant::now();
    let answer = call.await?;
    let status = answer.status().as_u16();
    Ok((status, start.elapsed(), answer.text().await?))
}

/// Says how long something took, for people.
fn report(what: &str, took: Duration) {
    println!("{what}: {:.1} s", took.as_secs_f64());
}

async fn publisher(test: &Test<Cluster>, kafka: &Kafka) -> Result<RunningDaprd> {
    let pubsub = component::kafka("pubsub", kafka, &test.id);
    Daprd::new(&test.id)
        .component(pubsub)
        .start(&test.services, &test.dir)
        .await
}

async fn broker(test: Test<Cluster>) -> Result<()> {
    let kafka = Kafka::start(&test.services, &test.dir).await?;
    kafka.create_topic("orders", 1).await?;
    let daprd = publisher(&test, &kafka).await?;
    let publish = |n: Value| daprd.publish("pubsub", "orders", "application/json", n.to_string(), &[]);
    publish(json!("before")).await?;
    kafka.process().kill9();
    for n in 0..4 {
        let (status, took, body) = timed(daprd.post("/v1.0/publish/pubsub/orders", &json!(n))).await?;
        report("publishing to a broker that is down", took);
        assert_eq!(status, 500);
        assert!(body.contains("ERR_PUBSUB_PUBLISH_MESSAGE"), "{body}");
        assert!(took < Duration::from_secs(25), "{took:?}");
    }
    kafka.process().restart().await?;
    let back = Instant::now();
    wait::until("publishing to work again", wait::PATIENCE, async || {
        publish(json!("after")).await.ok()
    })
    .await?;
    report("publishing again after the broker's start", back.elapsed());
    let written: Vec<_> = kafka
        .read("orders")
        .await?
        .iter()
        .map(|record| record.json().map(|json| json["data"].clone()))
        .collect::<Result<_>>()?;
    assert_eq!(written, ["before", "after"], "what was answered with 500 is not there");
    Ok(())
}

async fn topic(test: Test<Cluster>) -> Result<()> {
    let daprd = publisher(&test, &test.shared.kafka).await?;
    let (status, took, _) = timed(daprd.post("/v1.0/publish/pubsub/no-such-topic", &json!({}))).await?;
    report("publishing to a topic that does not exist", took);
    assert_eq!(status, 500);
    assert!(took < Duration::from_secs(25), "{took:?}");
    Ok(())
}

async fn redis(test: Test<Cluster>) -> Result<()> {
    test.shared.redis()?;
    let redis = Redis::start(&test.services, &test.dir).await?;
    let daprd = Daprd::new(&test.id)
        .component(component::redis_state("store", &redis))
        .start(&test.services, &test.dir)
        .await?;
    let save = json!([{"key": "k", "value": "v"}]);
    assert_eq!(daprd.post("/v1.0/state/store", &save).await?.status(), 204);
    redis.process().kill9();
    for _ in 0..2 {
        let (status, took, _) = timed(daprd.post("/v1.0/state/store", &save)).await?;
        report("saving while Redis is down", took);
        assert!(status == 500 && took < Duration::from_secs(25), "{status} {took:?}");
        let (status, took, _) = timed(daprd.get("/v1.0/state/store/k")).await?;
        report("reading while Redis is down", took);
        assert!(status == 500 && took < Duration::from_secs(25), "{status} {took:?}");
    }
    redis.process().restart().await?;
    let (status, took, _) = timed(daprd.get("/v1.0/state/store/k")).await?;
    report("reading after the start of Redis", took);
    assert_eq!(status, 200);
    Ok(())
}

fn job() -> Value {
    json!({"dueTime": "0s", "data": "a", "failurePolicy": {"constant": {"interval": "1s"}}})
}

/// With a scheduler of its own: the others' is not to be killed.
async fn with_scheduler(test: &Test<Cluster>) -> Result<(Scheduler, App, RunningDaprd)> {
    let scheduler = Scheduler::start(&test.services, &test.dir).await?;
    let app = App::start([]).await?;
    let daprd = Daprd::new(&test.id).app(&app).scheduler(&scheduler);
    let daprd = daprd.start(&test.services, &test.dir).await?;
    assert_eq!(daprd.post("/v1.0/jobs/first", &job()).await?.status(), 204);
    Ok((scheduler, app, daprd))
}

async fn scheduler(test: Test<Cluster>) -> Result<()> {
    let (scheduler, app, daprd) = with_scheduler(&test).await?;
    scheduler.process().kill9();
    let (status, took, body) = timed(daprd.post("/v1.0/jobs/one", &job())).await?;
    report("making a job while the scheduler is down", took);
    // 503 when the sidecar sees in this very call that the connection is gone; 504 when it waits for a new one.
    assert!(matches!(status, 503 | 504), "{status}: {body}");
    assert!(body.contains("DAPR_SCHEDULER_SCHEDULE_JOB"), "{body}");
    assert!(status == 503 || (29..50).contains(&took.as_secs()), "{took:?}");
    scheduler.process().restart().await?;
    let back = Instant::now();
    let (status, ..) = timed(daprd.post("/v1.0/jobs/two", &job())).await?;
    report("making a job after the scheduler's start", back.elapsed());
    assert_eq!(status, 204, "it waits until the sidecar has found the scheduler again");
    app.wait_for("/job/two", 1).await?;
    report("its call", back.elapsed());
    assert_eq!(app.count("/job/one"), 0);
    Ok(())
}

async fn timed_out(test: Test<Cluster>) -> Result<()> {
    let (scheduler, app, daprd) = with_scheduler(&test).await?;
    scheduler.process().kill9();
    let job_of_no_one = job();
    let ask = || tokio::time::timeout(Duration::from_secs(2), daprd.post("/v1.0/jobs/one", &job_of_no_one));
    // A call that sees that the connection is gone is answered at once; one that comes later waits for a new one.
    let mut answered = 0;
    while let Ok(answer) = ask().await {
        assert_eq!(answer?.status(), 503);
        answered += 1;
        assert!(answered < 10, "it waits");
    }
    scheduler.process().restart().await?;
    assert_eq!(daprd.post("/v1.0/jobs/two", &job()).await?.status(), 204);
    app.wait_for("/job/two", 1).await?;
    assert_eq!(app.count("/job/one"), 0);
    Ok(())
}
