//! What stands in the log: ids and reasons, each on a short line, and never a payload, whatever becomes of an event.

use std::time::Duration;

use reqwest::StatusCode;
use tidegate_harness::{Reply, wait};
use tidegate_tests::{Embedded, event};

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
            _ if id == "held" || id.starts_with("forged") => [200, 503][usize::from(first)],
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
    let embedded = Embedded::start_with("logs", &config, &[("TIDEGATE_LOG", "debug")]).await;

    let large = format!("[\"{SECRET}\",{}]", vec!["[1,2,3,4,5,6,7]"; 6000].join(","));
    let lines = [
        secret("sent"),
        secret("held"),
        secret(&long_id()),
        secret("never"),
        secret("rejected").replace("9007199254740993", &format!("\"{SECRET}\"")),
        secret("twice").replace("\"payload\":", &format!("\"{SECRET}\":1,\"{SECRET}\":2,\"payload\":")),
        secret("sent"),
        secret("sent").replace("user-1", "user-2"),
        secret("faults").replace("\"payload\":{", &format!("\"payload\":{{\"list\":{large},")),
        format!("not JSON: {SECRET}"),
    ];
    embedded.send("task-events", lines.join("\n").as_bytes());
    let failure = format!(
        r#"{{"event":{},"error":"{SECRET}","retry_count":3}}"#,
        secret("handed-back")
    );
    let (status, answer) = post(&embedded, "/v1/failures", failure).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let draft = format!(r#"{{"event_type":"{SECRET}","task_id":1,"user_id":"u","payload":{{"a":"{SECRET}"}}}}"#);
    let (status, _) = post(&embedded, "/v1/events", draft).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let wanted = [
        ("forward", 3),
        ("duplicate", 1),
        // Both held, the one that faults, and the dead letters that could not be sent.
        ("held", 3),
        ("dead-letter-held", 7),
        ("given-up", 2),
        ("reject", 5),
    ];
    let delivered = |embedded: &Embedded, end: &str| {
        let told = format!(r#""end":"{end}""#);
        embedded.log().lines().filter(|line| line.contains(&told)).count()
    };
    let all = wait::until("every end to be logged", wait::PATIENCE, async || {
        wanted
            .iter()
            .all(|(end, count)| delivered(&embedded, end) >= *count)
            .then_some(())
    });
    let told = || wanted.map(|(end, count)| format!("{end}: {} of {count}", delivered(&embedded, end)));
    all.await.unwrap_or_else(|error| panic!("{error}: {:?}", told()));
    // Lines that come seldom: at least one of each kind.
    let log = embedded.log();
    for line in ["an event could not be sent", "a dead letter could not be sent"] {
        assert!(log.contains(line), "{line}");
    }
    let shown: Vec<_> = log.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

#[tokio::test]
async fn an_id_is_escaped_and_cut_wherever_it_is_logged() {
    let app = app().await;
    app.answer("/tasks", [Reply::status(503), Reply::status(200)]);
    let embedded = Embedded::start_with("long-id", &channels(&app), &[("TIDEGATE_LOG", "debug")]).await;
    embedded.send("task-events", secret(&long_id()).as_bytes());
    app.wait_longer_for("/tasks", 2, Duration::from_secs(30))
        .await
        .expect("the retry");
    embedded.judged("task-events", 1).await;
    let log = embedded.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains("forged")).collect();
    assert!(told.iter().any(|line| line.contains("could not be sent")), "{log}");
    let whole = "x".repeat(150);
    assert!(told.iter().all(|line| !line.contains(&whole)), "cut: {told:#?}");
}
