//! Calls of another app through its sidecar.

use anyhow::{Context, Result};
use reqwest::{Client, Response, redirect::Policy};
use tidegate_harness::{Cluster, Consumer, Daprd, Reply, RunningDaprd, Suite, Test, wait};

const BODY: &str = "{ \"b\":1,  \"a\":9007199254740993, \"a\":1.10 }";

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test(
            "invoke passes bytes and headers to the app as they are",
            passed_to_the_app,
        )
        .test("invoke passes the app's status, headers and body back", passed_back)
        .test(
            "invoke of an app that is down answers 500 with an errorCode, at once",
            app_down,
        )
        .test(
            "invoke of an app that nobody knows answers 500 with an errorCode",
            unknown,
        )
}

struct Pair {
    caller: RunningDaprd,
    consumer: Consumer,
    app_id: String,
}

async fn start(test: &Test<Cluster>) -> Result<Pair> {
    let consumer = Consumer::start(&test.services, &test.dir, &test.id).await?;
    let caller = Daprd::new(&format!("{}-caller", test.id));
    Ok(Pair {
        caller: caller.start(&test.services, &test.dir).await?,
        consumer,
        app_id: test.id.clone(),
    })
}

impl Pair {
    async fn call(&self, app_id: &str) -> Result<Response> {
        let url = self
            .caller
            .url(&format!("/v1.0/invoke/{app_id}/method/reminders/due?a=b"));
        let client = Client::builder().redirect(Policy::none()).build()?;
        let request = client.post(url).header("content-type", "application/cloudevents+json");
        Ok(request.header("x-sent", "1").body(BODY).send().await?)
    }
}

const PATH: &str = "/reminders/due?a=b";

async fn passed_to_the_app(test: Test<Cluster>) -> Result<()> {
    let pair = start(&test).await?;
    let taken = async || {
        pair.call(&pair.app_id)
            .await
            .ok()
            .filter(|answer| answer.status() == 200)
    };
    wait::until("the app to be found", wait::PATIENCE, taken).await?;
    let received = pair.consumer.app.received(PATH);
    let received = received.first().context("a call")?;
    assert_eq!(received.method, "POST");
    assert_eq!(received.body, BODY);
    assert_eq!(received.header("x-sent"), Some("1"));
    assert_eq!(received.header("content-type"), Some("application/cloudevents+json"));
    assert_eq!(
        received.header("dapr-caller-app-id"),
        Some(format!("{}-caller", pair.app_id).as_str())
    );
    Ok(())
}

async fn passed_back(test: Test<Cluster>) -> Result<()> {
    let pair = start(&test).await?;
    let statuses = [200, 204, 301, 400, 404, 408, 409, 429, 500, 503];
    let replies = statuses.map(|status| {
        Reply::text(status, if status == 204 { "" } else { "said by the app" })
            .header("retry-after", "7")
            .header("x-mine", "1")
    });
    pair.consumer.app.answer(PATH, replies);
    for status in statuses {
        let answer = pair.call(&pair.app_id).await?;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["retry-after"], "7", "{status}");
        assert_eq!(answer.headers()["x-mine"], "1", "{status}");
        let body = answer.text().await?;
        assert_eq!(body, if status == 204 { "" } else { "said by the app" }, "{status}");
    }
    assert_eq!(pair.consumer.app.count(PATH), statuses.len(), "no call is repeated");
    Ok(())
}

async fn app_down(test: Test<Cluster>) -> Result<()> {
    let pair = start(&test).await?;
    pair.call(&pair.app_id).await?;
    pair.consumer.app.pause().await;
    refused(pair.call(&pair.app_id).await?).await
}

async fn unknown(test: Test<Cluster>) -> Result<()> {
    let pair = start(&test).await?;
    refused(pair.call("nobody-of-this-name").await?).await
}

async fn refused(answer: Response) -> Result<()> {
    assert_eq!(answer.status(), 500);
    let problem: serde_json::Value = serde_json::from_str(&answer.text().await?)?;
    assert_eq!(problem["errorCode"], "ERR_DIRECT_INVOKE", "{problem}");
    Ok(())
}
