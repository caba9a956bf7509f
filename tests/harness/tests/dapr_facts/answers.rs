//! What the sidecar does with each answer of an app.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tidegate_harness::{Cluster, Reply, Suite, Test, wait};

use crate::reader::{self, PATH, Reader, event};

pub(crate) fn tests(suite: Suite<Cluster>) -> Suite<Cluster> {
    suite
        .test(
            "SUCCESS, an empty body and a body that is not JSON acknowledge",
            success,
        )
        .test("DROP and 404 acknowledge: the event is gone", gone)
        .test(
            "RETRY, an unknown status and any other HTTP code lead to a redelivery",
            retried,
        )
        .test(
            "an event whose connection was refused is redelivered when the app is back",
            refused,
        )
        .test("a later event of the partition waits for a retried one", in_order)
        .test("an event in flight when the sidecar is killed is redelivered", killed)
}

/// Waits until the group has acknowledged as much, which the sidecar tells the broker once a second.
async fn acknowledged(test: &Test<Cluster>, reader: &Reader, count: i64) -> Result<()> {
    let mut last = None;
    let acknowledged = wait::until("the acknowledgement", wait::PATIENCE, async || {
        let committed = test.shared.kafka.committed(&test.id, &reader.topic).await;
        let done = committed
            .as_ref()
            .is_ok_and(|committed| committed.get(&0) == Some(&count));
        last = Some(committed);
        done.then_some(())
    });
    let acknowledged = acknowledged.await;
    acknowledged.with_context(|| format!("the group has committed {last:?}, not {count}"))
}

/// Each answer is given once; every event must come once and no more.
async fn acknowledges(test: &Test<Cluster>, answers: Vec<Reply>) -> Result<()> {
    let reader = reader::start(test, false).await?;
    let count = answers.len();
    reader.app.answer(PATH, answers);
    for n in 0..count {
        test.shared.kafka.produce(&reader.topic, event(&n.to_string())).await?;
    }
    acknowledged(test, &reader, i64::try_from(count)?).await?;
    let ids: Vec<_> = reader
        .app
        .received(PATH)
        .iter()
        .map(|received| received.json().map(|json| json["id"].clone()))
        .collect::<Result<_>>()?;
    let expected: Vec<_> = (0..count).map(|n| json!(n.to_string())).collect();
    assert_eq!(ids, expected);
    Ok(())
}

async fn success(test: Test<Cluster>) -> Result<()> {
    let not_json = Reply::text(200, "fine");
    acknowledges(
        &test,
        vec![
            Reply::json(&json!({"status": "SUCCESS"})),
            Reply::status(200),
            not_json,
            Reply::status(204),
        ],
    )
    .await
}

async fn gone(test: Test<Cluster>) -> Result<()> {
    acknowledges(
        &test,
        vec![
            Reply::json(&json!({"status": "DROP"})),
            Reply::status(404),
            Reply::status(200),
        ],
    )
    .await
}

async fn retried(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    let requeued = [
        Reply::json(&json!({"status": "RETRY"})),
        Reply::json(&json!({"status": "SOMETHING"})),
        Reply::status(500),
        Reply::status(503),
        Reply::status(400),
        Reply::status(403),
        Reply::status(429),
    ];
    let count = requeued.len();
    reader
        .app
        .answer(PATH, requeued.into_iter().chain([Reply::status(200)]));
    test.shared.kafka.produce(&reader.topic, event("1")).await?;
    acknowledged(&test, &reader, 1).await?;
    assert_eq!(reader.app.received(PATH).len(), count + 1);
    Ok(())
}

async fn refused(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    test.shared.kafka.produce(&reader.topic, event("1")).await?;
    reader.app.wait_for(PATH, 1).await?;
    reader.app.pause().await;
    test.shared.kafka.produce(&reader.topic, event("2")).await?;
    reader.daprd.process().wait_for_log("Retrying", wait::PATIENCE).await?;
    reader.app.resume().await?;
    let received = reader.app.wait_for(PATH, 2).await?;
    assert_eq!(received[1].json()?["id"], "2");
    Ok(())
}

async fn in_order(test: Test<Cluster>) -> Result<()> {
    let reader = reader::start(&test, false).await?;
    reader
        .app
        .answer(PATH, [Reply::status(500), Reply::status(500), Reply::status(200)]);
    test.shared
        .kafka
        .produce_all(&reader.topic, vec![event("1"), event("2")])
        .await?;
    let received = reader.app.wait_for(PATH, 4).await?;
    let ids: Vec<_> = received
        .iter()
        .map(|received| received.json().map(|json| json["id"].clone()))
        .collect::<Result<_>>()?;
    assert_eq!(ids, ["1", "1", "1", "2"]);
    Ok(())
}

async fn killed(test: Test<Cluster>) -> Result<()> {
    let quick = [("sessionTimeout", "6s"), ("heartbeatInterval", "1s")];
    let reader = reader::start_with(&test, false, |daprd| daprd, &quick).await?;
    reader.app.answer(
        PATH,
        [Reply::status(200).after(Duration::from_mins(1)), Reply::status(200)],
    );
    test.shared.kafka.produce(&reader.topic, event("1")).await?;
    reader.app.wait_for(PATH, 1).await?;
    reader.daprd.process().kill9();
    reader.daprd.process().restart().await?;
    let received = reader.app.wait_for(PATH, 2).await?;
    assert_eq!(received[0].body, received[1].body);
    Ok(())
}
