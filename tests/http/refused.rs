//! Requests that are wrong: each is answered with a problem document, and a delivery never with a 404.

use rstest::rstest;
use tidegate_harness::wait;
use tidegate_tests::{Answer, SqliteGate, Wire, event};

async fn ask(gate: &SqliteGate, request: impl AsRef<[u8]>) -> Answer {
    let mut wire = Wire::open(gate.port()).await;
    wire.send(request).await;
    wire.answer().await
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_the_log_says_what_to_raise() {
    let gate = SqliteGate::start("too-large", "limits: { body_bytes: 2048 }").await;
    let many = " ".repeat(5000);
    for path in [
        "/deliver/task-events",
        "/v1/events",
        "/v1/validate",
        "/v1/migrate?to=1.1",
    ] {
        let announced = format!("POST {path} HTTP/1.1\r\nhost: gate\r\ncontent-length: 5000\r\n\r\n{many}");
        ask(&gate, announced).await.assert_problem(413);
        let chunked = format!(
            "POST {path} HTTP/1.1\r\nhost: gate\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{many}\r\n0\r\n\r\n",
            many.len()
        );
        ask(&gate, chunked).await.assert_problem(413);
    }
    let refused = r#"tidegate_requests_refused_total{reason="body-too-large"}"#;
    assert_eq!(gate.counted(refused).await, 8);
    let log = gate.log();
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("an event exceeds `limits.body_bytes`"))
        .collect();
    assert_eq!(lines.len(), 1, "one line for many: {lines:?}");
    assert!(lines[0].contains("raise the limit"), "{}", lines[0]);

    // The broker's bytes come as base64.
    let event = format!("{}{}", event("e-1"), " ".repeat(3000));
    let fits = format!(
        "POST /deliver/task-events HTTP/1.1\r\nhost: gate\r\ncontent-length: {}\r\n\r\n{event}",
        event.len()
    );
    assert_eq!(ask(&gate, fits).await.status, 200, "a delivery may be twice as large");
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_is_right() {
    let gate = SqliteGate::start("wrong-method", "").await;
    for (method, path, allow) in [
        ("GET", "/deliver/task-events", "POST"),
        ("PUT", "/v1/events", "POST"),
        ("GET", "/v1/validate", "POST"),
        ("DELETE", "/v1/migrate", "POST"),
        ("POST", "/dapr/subscribe", "GET,HEAD"),
        ("POST", "/healthz", "GET,HEAD"),
        ("POST", "/readyz", "GET,HEAD"),
        ("PATCH", "/metrics", "GET,HEAD"),
    ] {
        let answer = ask(&gate, format!("{method} {path} HTTP/1.1\r\nhost: gate\r\n\r\n")).await;
        answer.assert_problem(405);
        assert_eq!(answer.headers["allow"], allow, "{method} {path}");
    }
}

#[rstest]
#[case::no_query("/v1/migrate")]
#[case::another_name("/v1/migrate?from=1.0")]
#[case::twice("/v1/migrate?to=1.0&to=1.1")]
#[tokio::test]
async fn a_query_that_is_not_right_is_400(#[case] path: &str) {
    let gate = SqliteGate::start("query", "").await;
    let request = format!("POST {path} HTTP/1.1\r\nhost: gate\r\ncontent-length: 2\r\n\r\n{{}}");
    let answer = ask(&gate, request).await;
    answer.assert_problem(400);
    assert!(answer.json()["detail"].to_string().contains("to"), "{answer:?}");
}

#[tokio::test]
async fn many_large_headers_are_accepted_and_too_many_are_logged() {
    let gate = SqliteGate::start("headers", "").await;
    let deliver = |headers: usize, event: String| {
        let headers: Vec<_> = (0..headers)
            .map(|number| format!("kafka-header-{number}: {}\r\n", "v".repeat(200)))
            .collect();
        let headers = headers.concat();
        let length = event.len();
        format!("POST /deliver/task-events HTTP/1.1\r\nhost: gate\r\n{headers}content-length: {length}\r\n\r\n{event}")
    };
    let many = deliver(240, event("e-1"));
    println!("a delivery with {} KiB of headers", many.len() >> 10);
    assert_eq!(ask(&gate, many).await.status, 200);
    assert_eq!(ask(&gate, deliver(300, event("e-2"))).await.status, 431, "and not 404");
    let refused = r#"tidegate_requests_refused_total{reason="head-too-large"}"#;
    // The answer is there before it is counted.
    let counted = async || (gate.counted(refused).await == 1).then_some(());
    wait::until("it to be counted", wait::PATIENCE, counted)
        .await
        .expect("once");
    let logged = async || gate.log().contains("raise `limits.header_count`").then_some(());
    wait::until("it to be logged", wait::PATIENCE, logged)
        .await
        .expect("a line");
}

#[tokio::test]
async fn the_limits_of_headers_can_be_raised() {
    let limits = "limits: { header_count: 1000, header_bytes: 1000000 }";
    let gate = SqliteGate::start("headers-raised", limits).await;
    let deliver = |headers: String, id: &str| {
        let event = event(id);
        let length = event.len();
        format!("POST /deliver/task-events HTTP/1.1\r\nhost: gate\r\n{headers}content-length: {length}\r\n\r\n{event}")
    };
    let many: Vec<_> = (0..900).map(|number| format!("ce_x{number}: v\r\n")).collect();
    let large = format!("ce_large: {}\r\n", "v".repeat(900_000));
    for (headers, id) in [(many.concat(), "e-1"), (large, "e-2")] {
        assert_eq!(ask(&gate, deliver(headers, id)).await.status, 200, "{id}");
    }
}

#[tokio::test]
async fn what_a_caller_writes_does_not_fill_the_log() {
    let gate = SqliteGate::start("hostile-log", "").await;
    for _ in 0..20 {
        let path = format!("/{}", "%0aerror".repeat(1000));
        let answer = ask(
            &gate,
            format!("POST {path} HTTP/1.1\r\nhost: gate\r\ncontent-length: 7\r\n\r\npayload"),
        )
        .await;
        answer.assert_problem(503);
    }
    let log = gate.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("%0aerror")).collect();
    assert_eq!(lines.len(), 1, "one line for many");
    assert!(lines[0].len() < 600, "cut: {}", lines[0]);
    assert!(!log.contains("payload\""), "payloads are not logged");
}
