//! What stands between and behind the services of a test: the proxy and the app.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use reqwest::Client;
use tidegate_harness::{App, Proxy, Reply};

const SOON: Duration = Duration::from_millis(300);

async fn app_behind_a_proxy() -> Result<(App, Proxy)> {
    let app = App::start([]).await?;
    let proxy = Proxy::start(app.port()).await?;
    Ok((app, proxy))
}

fn url(proxy: &Proxy, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", proxy.port())
}

#[tokio::test]
async fn a_held_request_does_not_arrive_before_its_release() -> Result<()> {
    let (app, proxy) = app_behind_a_proxy().await?;
    let client = Client::new();
    client.post(url(&proxy, "/before")).send().await?;
    proxy.hold();
    let held = tokio::spawn(client.post(url(&proxy, "/held")).send());
    proxy.wait_held().await?;
    assert_eq!(app.count("/held"), 0);
    proxy.release();
    assert_eq!(held.await??.status(), 200);
    assert_eq!(app.count("/held"), 1);
    Ok(())
}

#[tokio::test]
async fn only_requests_with_the_text_are_held() -> Result<()> {
    let (app, proxy) = app_behind_a_proxy().await?;
    proxy.hold_requests("POST /publish/");
    let held = tokio::spawn(Client::new().post(url(&proxy, "/publish/x")).send());
    proxy.wait_held().await?;
    Client::new().post(url(&proxy, "/state")).send().await?;
    assert_eq!((app.count("/state"), app.count("/publish/x")), (1, 0));
    proxy.release();
    held.await??;
    assert_eq!(app.count("/publish/x"), 1);
    Ok(())
}

#[tokio::test]
async fn a_held_answer_has_been_given_and_is_not_known() -> Result<()> {
    let (app, proxy) = app_behind_a_proxy().await?;
    proxy.hold_answers();
    let asked = tokio::spawn(Client::new().post(url(&proxy, "/done")).send());
    proxy.wait_held().await?;
    assert_eq!(app.count("/done"), 1);
    assert!(!asked.is_finished());
    proxy.cut();
    assert!(asked.await?.is_err(), "the answer is lost");
    assert_eq!(app.count("/done"), 1);
    Ok(())
}

#[tokio::test]
async fn what_was_held_on_a_cut_connection_never_arrives() -> Result<()> {
    let (app, proxy) = app_behind_a_proxy().await?;
    proxy.hold();
    let held = tokio::spawn(Client::new().post(url(&proxy, "/held")).send());
    proxy.wait_held().await?;
    proxy.cut();
    assert!(held.await?.is_err());
    proxy.release();
    tokio::time::sleep(SOON).await;
    assert_eq!(app.count("/held"), 0);
    Client::new().post(url(&proxy, "/after")).send().await?;
    assert_eq!(app.count("/after"), 1, "new connections are accepted");
    Ok(())
}

#[tokio::test]
async fn a_large_body_passes_unchanged() -> Result<()> {
    let (app, proxy) = app_behind_a_proxy().await?;
    let body: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    Client::new()
        .post(url(&proxy, "/large"))
        .body(body.clone())
        .send()
        .await?;
    assert_eq!(app.received("/large")[0].body, body);
    Ok(())
}

#[tokio::test]
async fn an_app_can_answer_by_what_it_is_sent() -> Result<()> {
    let app = App::start([]).await?;
    let mut tries: HashMap<Vec<u8>, u32> = HashMap::new();
    app.answer_with("/events", move |received| {
        let count = tries.entry(received.body.to_vec()).or_default();
        *count += 1;
        if *count < 3 {
            Reply::status(429).header("retry-after", "7")
        } else {
            Reply::text(200, &count.to_string())
        }
    });
    let ask = async |body: &'static str| {
        let url = format!("http://127.0.0.1:{}/events", app.port());
        Client::new().post(url).body(body).send().await
    };
    let first = ask("a").await?;
    assert_eq!(first.status(), 429);
    assert_eq!(first.headers()["retry-after"], "7");
    assert_eq!(ask("b").await?.status(), 429);
    assert_eq!(ask("a").await?.status(), 429);
    assert_eq!(ask("a").await?.text().await?, "3");
    assert_eq!(app.count("/events"), 4);
    Ok(())
}
