//! Jobs: how a scheduled retry is kept until it is due.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tidegate_harness::{App, Cluster, Daprd, Reply, RunningDaprd, Suite, Test, wait};

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test("a job calls the app when due with its string as it was", string)
        .test("a job of a name that exists answers 409", exists)
        .test(
            "a job whose callback fails is called again as its failurePolicy says",
            failing,
        )
        .test("a job whose callback answers 404 counts as done", not_found)
        .test("a job can be due in milliseconds", milliseconds)
        .test(
            "the interval of a failurePolicy is written in seconds only, as 0.25s",
            interval,
        )
        .test(
            "a failurePolicy without maxRetries goes on after ten attempts, one without any policy does not",
            persistent,
        )
        .test("overwrite replaces a job, also one that is being tried", overwritten)
        .test(
            "a job whose app refuses connections is called when the app is back",
            refused,
        )
        .test("a job survives a kill of the sidecar and of the scheduler", survives)
}

async fn start(test: &Test<Cluster>) -> Result<(RunningDaprd, App)> {
    let app = App::start([]).await?;
    let daprd = Daprd::new(&test.id)
        .app(&app)
        .scheduler(&test.shared.scheduler)
        .start(&test.services, &test.dir)
        .await?;
    Ok((daprd, app))
}

async fn schedule(daprd: &RunningDaprd, name: &str, due: &str, data: Value) -> Result<u16> {
    let job = json!({"dueTime": due, "data": data, "failurePolicy": {"constant": {"interval": "1s"}}});
    Ok(daprd.post(&format!("/v1.0/jobs/{name}"), &job).await?.status().as_u16())
}

async fn string(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    let event = "{\"n\":9007199254740993, \"b\":\"é\\n\u{1F600}\", \"a\":1.10}";
    let asked = Instant::now();
    assert_eq!(schedule(&daprd, "one", "1s", json!(event)).await?, 204);
    let called = &app.wait_for("/job/one", 1).await?[0];
    assert!(called.at - asked >= Duration::from_millis(900), "not before it is due");
    assert_eq!(called.method, "POST");
    assert_eq!(called.json()?, json!(event));
    Ok(())
}

async fn exists(test: Test<Cluster>) -> Result<()> {
    let (daprd, _app) = start(&test).await?;
    assert_eq!(schedule(&daprd, "one", "60s", json!("a")).await?, 204);
    assert_eq!(schedule(&daprd, "one", "60s", json!("b")).await?, 409);
    assert_eq!(daprd.delete("/v1.0/jobs/one").await?.status(), 204);
    assert_eq!(schedule(&daprd, "one", "60s", json!("c")).await?, 204);
    Ok(())
}

async fn failing(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    app.answer("/job/one", [Reply::status(500), Reply::status(503), Reply::status(200)]);
    assert_eq!(schedule(&daprd, "one", "0s", json!("a")).await?, 204);
    let called = app.wait_for("/job/one", 3).await?;
    assert!(called.iter().all(|called| called.json().is_ok_and(|data| data == "a")));
    Ok(())
}

async fn not_found(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    app.answer("/job/one", [Reply::status(404)]);
    assert_eq!(schedule(&daprd, "one", "0s", json!("a")).await?, 204);
    app.wait_for("/job/one", 1).await?;
    wait::until("the job to be gone", wait::PATIENCE, async || {
        let answer = daprd.get("/v1.0/jobs/one").await.ok()?;
        (!answer.status().is_success()).then_some(())
    })
    .await?;
    assert_eq!(app.received("/job/one").len(), 1);
    Ok(())
}

async fn survives(test: Test<Cluster>) -> Result<()> {
    // A scheduler of its own: the others' is not to be killed.
    let scheduler = tidegate_harness::Scheduler::start(&test.services, &test.dir).await?;
    let app = App::start([]).await?;
    let daprd = Daprd::new(&test.id)
        .app(&app)
        .scheduler(&scheduler)
        .start(&test.services, &test.dir)
        .await?;
    assert_eq!(schedule(&daprd, "one", "3s", json!("a")).await?, 204);
    daprd.process().kill9();
    scheduler.process().kill9();
    scheduler.process().restart().await?;
    daprd.process().restart().await?;
    let called = &app.wait_for("/job/one", 1).await?[0];
    assert_eq!(called.json()?, json!("a"));
    Ok(())
}

async fn milliseconds(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    let asked = Instant::now();
    assert_eq!(schedule(&daprd, "one", "250ms", json!("a")).await?, 204);
    let waited = app.wait_for("/job/one", 1).await?[0].at - asked;
    assert!(waited >= Duration::from_millis(240), "{waited:?}");
    println!("a job due in 250 ms was called after {} ms", waited.as_millis());
    Ok(())
}

fn with_interval(interval: &str) -> Value {
    json!({"dueTime": "0s", "data": "a", "failurePolicy": {"constant": {"interval": interval}}})
}

async fn interval(test: Test<Cluster>) -> Result<()> {
    let (daprd, _app) = start(&test).await?;
    for (interval, status) in [("250ms", 400), ("1m", 400), ("0.25s", 204), ("60s", 204)] {
        let path = format!("/v1.0/jobs/every-{interval}");
        let answer = daprd.post(&path, &with_interval(interval)).await?;
        assert_eq!(answer.status(), status, "{interval}");
    }
    Ok(())
}

async fn persistent(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    for path in ["/job/with", "/job/without"] {
        app.answer(path, [Reply::status(500)]);
    }
    let without = json!({"dueTime": "0s", "data": "a"});
    assert_eq!(daprd.post("/v1.0/jobs/without", &without).await?.status(), 204);
    assert_eq!(
        daprd.post("/v1.0/jobs/with", &with_interval("0.5s")).await?.status(),
        204
    );
    let calls = app.wait_for("/job/with", 15).await?;
    let longest = calls.windows(2).map(|pair| pair[1].at - pair[0].at).max();
    println!("calls 0.5 s apart came at most {longest:?} apart");
    assert_eq!(app.count("/job/without"), 4, "calls without a policy");
    Ok(())
}

async fn overwritten(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    let job = |due: &str, data: &str| {
        let failing = json!({"constant": {"interval": "1s"}});
        json!({"dueTime": due, "data": data, "overwrite": true, "failurePolicy": failing})
    };
    assert_eq!(daprd.post("/v1.0/jobs/one", &job("60s", "a")).await?.status(), 204);
    app.answer("/job/one", [Reply::status(500)]);
    assert_eq!(daprd.post("/v1.0/jobs/one", &job("0s", "b")).await?.status(), 204);
    app.wait_for("/job/one", 2).await?;
    assert_eq!(daprd.post("/v1.0/jobs/one", &job("0s", "c")).await?.status(), 204);
    app.answer("/job/one", [Reply::status(200)]);
    let last = wait::until("the last one", wait::PATIENCE, async || {
        app.received("/job/one").pop()?.json().ok().filter(|data| data == "c")
    });
    last.await?;
    let all = app.received("/job/one");
    assert!(all.iter().all(|call| call.json().is_ok_and(|data| data != "a")));
    Ok(())
}

async fn refused(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test).await?;
    app.pause().await;
    assert_eq!(
        daprd.post("/v1.0/jobs/one", &with_interval("0.5s")).await?.status(),
        204
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    app.resume().await?;
    app.wait_for("/job/one", 1).await?;
    Ok(())
}
