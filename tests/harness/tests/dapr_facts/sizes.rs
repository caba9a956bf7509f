//! How large a call of the sidecar may be.

use anyhow::Result;
use reqwest::Client;
use serde_json::{Value, json};
use tidegate_harness::{App, Cluster, Daprd, RunningDaprd, Suite, Test, component};

const DEFAULT_LIMIT: usize = 4 << 20;

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test(
            "a body above 4 MiB is refused, with another status by each API, unless --max-body-size says more",
            body,
        )
        .test(
            "a body one byte above the limit is published without its last byte",
            one_byte,
        )
        .test("a record above maxMessageBytes, 1 MiB at first, answers 500", record)
        .test("a job of 2,000,000 bytes is called as it was", job)
        .test("a job above 2 MiB answers 429, and a retry does not help", large_job)
}

async fn start(test: &Test<Cluster>, max_record: usize, max_body: Option<&str>) -> Result<(RunningDaprd, App)> {
    test.shared.kafka.create_topic(&test.id, 1).await?;
    let app = App::start([]).await?;
    let pubsub =
        component::kafka("pubsub", &test.shared.kafka, &test.id).with("maxMessageBytes", &max_record.to_string());
    let mut daprd = Daprd::new(&test.id)
        .app(&app)
        .component(pubsub)
        .component(component::memory_state("store"))
        .scheduler(&test.shared.scheduler);
    if let Some(size) = max_body {
        daprd = daprd.arg(&format!("--max-body-size={size}"));
    }
    Ok((daprd.start(&test.services, &test.dir).await?, app))
}

async fn publish(test: &Test<Cluster>, daprd: &RunningDaprd, body: Vec<u8>) -> Result<(u16, String)> {
    let url = daprd.url(&format!("/v1.0/publish/pubsub/{}?metadata.rawPayload=true", test.id));
    let request = Client::new()
        .post(url)
        .header("content-type", "application/octet-stream");
    let answer = request.body(body).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn body(test: Test<Cluster>) -> Result<()> {
    let large = DEFAULT_LIMIT + 1000;
    let (daprd, _app) = start(&test, 16 << 20, None).await?;
    let (status, why) = publish(&test, &daprd, vec![b'x'; large]).await?;
    assert!(status == 500 && why.contains("stream too large"), "{status} {why}");
    let job = json!({"dueTime": "60s", "data": "x".repeat(large)});
    let answer = daprd.post("/v1.0/jobs/one", &job).await?;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await?.contains("ERR_BODY_READ"));
    let answer = daprd
        .post("/v1.0/state/store", &json!([{"key": "k", "value": "x".repeat(large)}]))
        .await?;
    assert_eq!(answer.status(), 400, "{}", answer.text().await?);
    drop(daprd);

    let other = Daprd::new(&format!("{}-large", test.id))
        .component(component::memory_state("store"))
        .arg("--max-body-size=16Mi");
    let daprd = other.start(&test.services, &test.dir).await?;
    let value = json!([{"key": "k", "value": "x".repeat(large)}]);
    assert_eq!(daprd.post("/v1.0/state/store", &value).await?.status(), 204);
    Ok(())
}

async fn one_byte(test: Test<Cluster>) -> Result<()> {
    const LIMIT: usize = 512 << 10;
    let (daprd, _app) = start(&test, 1 << 20, Some("512Ki")).await?;
    let body = [vec![b'x'; LIMIT], b"!?".to_vec()].concat();
    assert_eq!(publish(&test, &daprd, body[..LIMIT].to_vec()).await?.0, 204);
    assert_eq!(
        publish(&test, &daprd, body[..=LIMIT].to_vec()).await?.0,
        204,
        "accepted"
    );
    assert_eq!(publish(&test, &daprd, body.clone()).await?.0, 500);
    let lengths: Vec<_> = test.shared.kafka.read(&test.id).await?;
    let lengths: Vec<_> = lengths
        .iter()
        .filter_map(|record| Some(record.value.as_ref()?.len()))
        .collect();
    assert_eq!(lengths, [LIMIT, LIMIT], "without its last byte");
    Ok(())
}

async fn record(test: Test<Cluster>) -> Result<()> {
    let (daprd, _app) = start(&test, 1 << 20, None).await?;
    assert_eq!(publish(&test, &daprd, vec![b'x'; 1_000_000]).await?.0, 204);
    let (status, why) = publish(&test, &daprd, vec![b'x'; 1_100_000]).await?;
    assert!(status == 500 && why.contains("MaxMessageBytes"), "{status} {why}");
    Ok(())
}

async fn schedule(daprd: &RunningDaprd, data: &str) -> Result<(u16, String)> {
    let job = json!({"dueTime": "0s", "data": data, "failurePolicy": {"constant": {"interval": "1s"}}});
    let answer = daprd.post("/v1.0/jobs/one", &job).await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn job(test: Test<Cluster>) -> Result<()> {
    let (daprd, app) = start(&test, 1 << 20, None).await?;
    // Escapes and what JSON makes of them count once.
    let data = "\\\"\n é".repeat(2_000_000 / 6);
    assert_eq!(schedule(&daprd, &data).await?.0, 204);
    assert_eq!(app.wait_for("/job/one", 1).await?[0].json()?, Value::String(data));
    Ok(())
}

async fn large_job(test: Test<Cluster>) -> Result<()> {
    let (daprd, _app) = start(&test, 1 << 20, Some("16Mi")).await?;
    let (status, why) = schedule(&daprd, &"x".repeat(2 << 20)).await?;
    assert_eq!(status, 429);
    assert!(why.contains("larger than max") && why.contains("2097152"), "{why}");
    Ok(())
}
