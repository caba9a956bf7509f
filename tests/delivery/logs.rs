//! The log: ids and reasons, each on a short line, and never a payload, whatever becomes of an event.

use std::time::Duration;

use reqwest::StatusCode;
use tidegate_harness::{Reply, wait};
use tidegate_tests::{SqliteGate, event};

use super::given::{app, channels, envelope, post};

/// Stands in every payload, in what sinks answer, and in what consumers say.
const SECRET: &str = "the-doctors-letter";

/// Longer than anything that is shown of a text from outside, and with a line break in it.
fn long_id() -> String {
    format!("forged\\n{}", "x".repeat(200))
}

fn secret(id: &str) -> String {
    event(id).replace("Water the plants", SECRET)
}

#[tokio::test]
async fn payloads_stay_out_of_the_log_whatever_becomes_of_an_event() {
    let app = app().await;
    // It answers with what it was sent, as careless apps do.
    app.answer_with("/tasks", |request| {
        let sent = envelope(request);
        let id = sent["id"].as_str().unwrap_or_default();
        let first = sent["tidegateattempt"].is_null();
        let status = match id {
            "never" => 400,
            _ if id == "retried" || id.starts_with("forged") => [200, 503][usize::from(first)],
            _ => 200,
        };
        Reply::text(status, &sent.to_string())
    });
    let mut letters = 0;
    app.answer_with("/dlq", move |request| {
        letters += 1;
        Reply::text(if letters % 2 == 1 { 500 } else { 200 }, &envelope(request).to_string())
    });
    let dlq = format!("{{ url: \"http://127.0.0.1:{}/dlq\" }}", app.port());
    let config = format!(
        "{}limits: {{ memory_bytes: 4194304 }}\nretries: {{ scale: 0.01, fault_limit: 2 }}\n",
        channels(&app).replace("{ topic: dlq }", &dlq)
    );
    let gate = SqliteGate::start_with("logs", &config, &[("TIDEGATE_LOG", "debug")]).await;

    let large = format!("[\"{SECRET}\",{}]", vec!["[1,2,3,4,5,6,7]"; 6000].join(","));
    let lines = [
        secret("sent"),
        secret("retried"),
        secret(&long_id()),
        secret("never"),
        secret("rejected").replace("9007199254740993", &format!("\"{SECRET}\"")),
        secret("twice").replace("\"payload\":", &format!("\"{SECRET}\":1,\"{SECRET}\":2,\"payload\":")),
        secret("sent"),
        secret("sent").replace("user-1", "user-2"),
        secret("faults").replace("\"payload\":{", &format!("\"payload\":{{\"list\":{large},")),
        format!("not JSON: {SECRET}"),
    ];
    gate.send("task-events", lines.join("\n").as_bytes());
    let failure = format!(
        r#"{{"event":{},"error":"{SECRET}","retry_count":3}}"#,
        secret("handed-back")
    );
    let (status, answer) = post(&gate, "/v1/failures", failure).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let draft = format!(r#"{{"event_type":"{SECRET}","task_id":1,"user_id":"u","payload":{{"a":"{SECRET}"}}}}"#);
    let (status, _) = post(&gate, "/v1/events", draft).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let wanted = [
        ("published", 3),
        ("duplicate", 1),
        // Two retries, the one that faults, and seven dead letters that could not be published at once.
        ("scheduled", 10),
        // Five rejected, one refused by its sink, and one handed back after its last retry.
        ("dead_lettered", 7),
    ];
    let logged = |gate: &SqliteGate, disposition: &str| {
        let text = format!(r#""disposition":"{disposition}""#);
        gate.log().lines().filter(|line| line.contains(&text)).count()
    };
    let all = wait::until("every disposition to be logged", wait::PATIENCE, async || {
        wanted
            .iter()
            .all(|(disposition, count)| logged(&gate, disposition) >= *count)
            .then_some(())
    });
    let counts =
        || wanted.map(|(disposition, count)| format!("{disposition}: {} of {count}", logged(&gate, disposition)));
    all.await.unwrap_or_else(|error| panic!("{error}: {:?}", counts()));
    // Lines that are rate-limited: at least one of each kind.
    let log = gate.log();
    for line in [
        "an event could not be published",
        "a dead letter could not be published",
    ] {
        assert!(log.contains(line), "{line}");
    }
    let shown: Vec<_> = log.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[tokio::test]
async fn an_id_is_escaped_and_cut_wherever_it_is_logged() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(503), Reply::status(200)]);
    let gate = SqliteGate::start_with("long-id", &channels(&app), &[("TIDEGATE_LOG", "debug")]).await;
    gate.send("task-events", secret(&long_id()).as_bytes());
    app.wait_longer_for("/tasks", 2, Duration::from_secs(30))
        .await
        .expect("the retry");
    gate.processed("task-events", 1).await;
    let log = gate.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("forged")).collect();
    assert!(
        lines.iter().any(|line| line.contains("could not be published")),
        "{log}"
    );
    let whole = "x".repeat(150);
    assert!(lines.iter().all(|line| !line.contains(&whole)), "cut: {lines:#?}");
}
