//! `tidegate dlq`: dead letters listed, shown and redriven.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_engine::{PolicyCatalog, Violation};
use tidegate_model::attributes::Attributes;
use tidegate_model::dead_letter::{self, FailedEvent, Names, Template};
use tidegate_policy::Policy;
use tidegate_tests::{Finished, event, tidegate, tidegate_with};

/// Originals, and why they were dead-lettered.
fn failures() -> Vec<(Vec<u8>, &'static str, Vec<Violation>)> {
    let reminder = event("r-1").replace("task.created", "reminder.due");
    let invalid = event("e-2").replace("9007199254740993", "\"9\"");
    let integer = json!({ "code": "type", "path": "/task_id", "message": "must be an integer" });
    let integer: Violation = serde_json::from_value(integer).expect("a violation");
    vec![
        (
            format!(" {} ", event("e-1")).into(),
            "the channel task-events is unreachable",
            vec![],
        ),
        (
            invalid.into(),
            "type at \"/task_id\": must be an integer",
            vec![integer],
        ),
        (reminder.into(), "the sink answered 500\u{1b}[2J", vec![]),
        (b"{\"event_id\":\n".to_vec(), "not JSON", vec![]),
        (b"\xff\xfe".to_vec(), "not UTF-8", vec![]),
    ]
}

/// The dead letters of all of them, one a line.
fn letters() -> Vec<String> {
    let letter = |(original, error, violations): (Vec<u8>, &str, Vec<Violation>)| {
        let catalog = serde_json::to_value(Policy::builtin().catalog()).expect("JSON");
        let catalog: PolicyCatalog = serde_json::from_value(catalog).expect("the same record");
        let failed = FailedEvent {
            event: &original,
            attributes: &Attributes::default(),
            names: &Names::of(&original, &Attributes::default(), &catalog),
            error,
            retry_count: 3,
            violations: &violations,
            source: "task-events/0@1",
            policy: "sha256:00",
        };
        let template = Template::of(catalog.dead_letters.template.as_deref()).expect("a template");
        let mut outputs = dead_letter::outputs(&catalog, &template, &failed, "2026-03-02T17:00:00Z");
        outputs.swap_remove(0).event.expect("an event")
    };
    failures().into_iter().map(letter).collect()
}

fn id(letter: &str) -> String {
    let letter: Value = serde_json::from_str(letter).expect("JSON");
    letter["event_id"].as_str().expect("an id").to_owned()
}

/// A data file with the dead letters on the topic `dlq`.
fn data() -> (TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("events.db").display().to_string();
    let sent = tidegate(
        &["send", "--topic", "dlq", "--data", &data],
        letters().join("\n").as_bytes(),
    );
    assert_eq!(sent.code, 0, "{}", sent.err);
    (dir, data)
}

fn done(finished: Finished) -> String {
    assert_eq!((finished.code, finished.err.as_str()), (0, ""), "{}", finished.out);
    finished.out
}

#[test]
fn a_person_sees_all_dead_letters_and_one() {
    let (_dir, data) = data();
    insta::assert_snapshot!("list", done(tidegate(&["dlq", "list", "--data", &data], b"")));
    for (at, letter) in letters().iter().enumerate() {
        let shown = done(tidegate(&["dlq", "show", &id(letter), "--data", &data], b""));
        assert!(!shown.contains('\u{1b}'));
        insta::assert_snapshot!(format!("show-{at}"), shown);
    }
    insta::assert_snapshot!(
        "list-json",
        done(tidegate(&["dlq", "list", "--json", "--data", &data], b""))
    );
    let shown = done(tidegate(&["dlq", "show", "e-1", "--json", "--data", &data], b""));
    insta::assert_snapshot!("show-json", shown);
}

#[test]
fn filters_say_which_are_meant() {
    let (_dir, data) = data();
    let listed = |args: &[&str]| {
        let finished = tidegate(&[&["dlq", "list", "--json", "--data", &data], args].concat(), b"");
        done(finished).lines().count()
    };
    assert_eq!(listed(&[]), 5);
    assert_eq!(listed(&["--type", "task.created"]), 2);
    assert_eq!(listed(&["--type", "task.created", "--error", "UNREACHABLE"]), 1);
    assert_eq!(listed(&["--limit", "3"]), 3);
    assert_eq!(listed(&["--topic", "elsewhere"]), 0);
}

#[test]
fn the_original_comes_out_byte_for_byte() {
    let (_dir, data) = data();
    for (letter, (original, ..)) in letters().iter().zip(failures()) {
        let mut command = std::process::Command::new(tidegate_tests::dist("tidegate"));
        let output = command
            .args(["dlq", "show", &id(letter), "--original", "--data", &data])
            .output();
        assert_eq!(output.expect("the program runs").stdout, original);
    }
}

#[test]
fn every_form_of_a_line_is_read() {
    let (_dir, data) = data();
    let expected = done(tidegate(&["dlq", "list", "--json", "--data", &data], b""));
    let read = done(tidegate(&["read", "dlq", "--json", "--data", &data], b""));
    let head = r#""specversion":"1.0","id":"1","source":"tidegate","type":"dlq.failed""#;
    let wrap = |form: &dyn Fn(&String) -> String| letters().iter().map(form).collect::<Vec<_>>().join("\n");
    for lines in [
        letters().join("\n\n"),
        read,
        wrap(&|letter| format!(r#"{{{head},"data":{letter}}}"#)),
        wrap(&|letter| format!(r#"{{{head},"data_base64":"{}"}}"#, BASE64_STANDARD.encode(letter))),
    ] {
        let listed = tidegate(&["dlq", "list", "--json", "--from", "-"], lines.as_bytes());
        assert_eq!(done(listed), expected, "{lines}");
    }
}

#[test]
fn what_is_no_dead_letter_is_skipped_with_a_warning() {
    let lines = format!("{}\nnot json\n{}\n{{}}", event("e-1"), letters()[0]);
    let listed = tidegate(&["dlq", "list", "--json", "--from", "-"], lines.as_bytes());
    assert_eq!((listed.code, listed.out.lines().count()), (0, 1));
    for says in [
        "standard input, line 1: not a dead letter: it has no member dlq_metadata",
        "standard input, line 2: not a dead letter: it is not a JSON object",
        "standard input, line 4: not a dead letter: it has no member dlq_metadata",
    ] {
        assert!(listed.err.contains(says), "{}", listed.err);
    }
}

#[test]
fn the_exit_code_says_what_is_wrong() {
    let (_dir, data) = data();
    for (args, code) in [
        (&["show", "nobody", "--data", &data][..], 1),
        (&["redrive", "--data", &data], 2),
        (&["redrive", "x", "--all", "--data", &data], 2),
        (&["list", "--from", "-", "--topic", "dlq"], 2),
        (&["redrive", "--all", "--revision", "1", "--data", &data], 2),
        (&["list", "--from", "/nowhere/letters"], 3),
        (&["list", "--data", "/nowhere/events.db"], 3),
        (&["redrive", "nobody", "--data", &data], 1),
        (
            &[
                "redrive",
                "--all",
                "--url",
                "http://127.0.0.1:1",
                "--limit",
                "0",
                "--data",
                &data,
            ],
            0,
        ),
    ] {
        let finished = tidegate(&[&["dlq"], args].concat(), b"");
        assert_eq!(finished.code, code, "{args:?}: {}", finished.err);
    }
}

/// What a gate was sent, and the answers that it gives, the last one first.
#[derive(Clone, Default)]
struct Gate {
    given: Arc<Mutex<Vec<(Bytes, HeaderMap)>>>,
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
    /// A data file to whose topic `dlq` it adds another dead letter for each.
    dead_letters_again: Option<String>,
}

impl Gate {
    /// A server that is no gate but answers like one. Its address.
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/v1/redrive", post(answer))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn given(&self) -> Vec<(Bytes, HeaderMap)> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(State(gate): State<Gate>, headers: HeaderMap, body: Bytes) -> Response {
    gate.given
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((body, headers));
    if let Some(data) = gate.dead_letters_again.clone() {
        let letter = letters()[0].replace(&id(&letters()[0]), &format!("again-{}", gate.given().len()));
        let append = move || tidegate(&["send", "--topic", "dlq", "--data", &data], letter.as_bytes());
        let sent = tokio::task::spawn_blocking(append).await.expect("no panic");
        assert_eq!(sent.code, 0, "{}", sent.err);
    }
    let next = gate.answers.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let fine = json!({ "disposition": "published", "event_id": "e", "reason": "fine" });
    let (status, body) = next.unwrap_or((200, fine));
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::RETRY_AFTER, "0")], body.to_string()).into_response()
}

async fn redrive(gate: &Gate, args: &[&str], input: String) -> Finished {
    let url = gate.start().await;
    let args: Vec<String> = [&["dlq", "redrive", "--url", &url, "--from", "-"], args]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect();
    let run = tokio::task::spawn_blocking(move || {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        tidegate_with(&[("APP_API_TOKEN", "secret")], &args, input.as_bytes())
    });
    run.await.expect("no panic")
}

#[tokio::test]
async fn each_dead_letter_is_sent_to_the_gate_as_it_is() {
    let gate = Gate::default();
    let twice = [letters(), letters()].concat().join("\n");
    let redriven = redrive(&gate, &["--all"], twice).await;
    assert_eq!((redriven.code, redriven.err.as_str()), (0, ""));
    assert!(
        redriven
            .out
            .ends_with("accepted: 5 published; 0 failed, 0 not found, 0 not readable\n"),
        "{}",
        redriven.out
    );
    let first = format!("{}  published  fine", id(&letters()[0]));
    assert_eq!(redriven.out.lines().next(), Some(first.as_str()));
    let given = gate.given();
    let bodies: Vec<_> = given
        .iter()
        .map(|(body, _)| String::from_utf8_lossy(body).into_owned())
        .collect();
    assert_eq!(bodies, letters());
    assert!(given.iter().all(|(_, headers)| headers["dapr-api-token"] == "secret"));
}

#[tokio::test]
async fn dead_letters_from_a_pipe_are_all_redriven() {
    let (gate, dir) = (Gate::default(), tempfile::tempdir().expect("a directory"));
    let pipe = dir.path().join("letters");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("made");
    let url = gate.start().await;
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::write(pipe, letters().join("\n")))
    };
    let from = pipe.display().to_string();
    let run = move || tidegate(&["dlq", "redrive", "--all", "--url", &url, "--from", &from], b"");
    let redriven = tokio::task::spawn_blocking(run).await.expect("no panic");
    writer.join().expect("no panic").expect("written");
    assert_eq!(redriven.code, 0, "{}", redriven.err);
    assert_eq!(gate.given().len(), letters().len(), "{}", redriven.out);
}

#[tokio::test]
async fn what_is_dead_lettered_meanwhile_is_not_redriven() {
    let (_dir, data) = data();
    let gate = Gate {
        dead_letters_again: Some(data.clone()),
        ..Gate::default()
    };
    let url = gate.start().await;
    let redrive = move || {
        let redriven = tidegate(&["dlq", "redrive", "--all", "--url", &url, "--data", &data], b"");
        (redriven, tidegate(&["dlq", "list", "--json", "--data", &data], b""))
    };
    let (redriven, listed) = tokio::task::spawn_blocking(redrive).await.expect("no panic");
    assert_eq!((redriven.code, gate.given().len()), (0, 5), "{}", redriven.out);
    assert_eq!(listed.out.lines().count(), 10);
}

#[tokio::test]
async fn ids_and_filters_say_which_are_redriven() {
    let gate = Gate::default();
    let wanted = id(&letters()[2]);
    let redriven = redrive(&gate, &[&wanted, "nobody"], letters().join("\n")).await;
    assert_eq!(redriven.code, 1, "one was not found");
    assert!(
        redriven.err.contains("there is no dead letter nobody"),
        "{}",
        redriven.err
    );
    assert_eq!(gate.given().len(), 1);

    let gate = Gate::default();
    let redriven = redrive(
        &gate,
        &["--all", "--type", "task.created", "--limit", "1"],
        letters().join("\n"),
    )
    .await;
    assert_eq!((redriven.code, gate.given().len()), (0, 1), "{}", redriven.err);
}

#[tokio::test]
async fn a_revision_is_named_by_its_digest_or_the_beginning_of_it() {
    let with = |policy: &str| letters().join("\n").replace("sha256:00", policy);
    for (revision, redriven) in [
        ("sha256:9f86d081", 5),
        ("9F86D081", 5),
        ("sha256:9f86d081884c", 5),
        ("sha256:9f86d082", 0),
    ] {
        let gate = Gate::default();
        let input = with("sha256:9f86d081884c7d65");
        let finished = redrive(&gate, &["--all", "--revision", revision], input).await;
        assert_eq!(
            (finished.code, gate.given().len()),
            (0, redriven),
            "{revision}: {}",
            finished.err
        );
    }
}

#[tokio::test]
async fn a_gate_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let gate = Gate::default();
    let busy = (503, json!({ "title": "not done", "detail": "full" }));
    let scheduled = (
        202,
        json!({ "disposition": "scheduled", "event_id": "e", "reason": "waits" }),
    );
    let refused = (422, json!({ "title": "not a dead letter", "detail": "no\u{7}pe" }));
    *gate.answers.lock().expect("a lock") = vec![refused, scheduled, busy.clone(), busy];
    let redriven = redrive(&gate, &["--all", "--limit", "3"], letters().join("\n")).await;
    assert_eq!((redriven.code, gate.given().len()), (1, 5), "{}", redriven.out);
    let lines: Vec<_> = redriven
        .out
        .lines()
        .map(|line| line.get(36..).unwrap_or_default())
        .collect();
    assert_eq!(lines[0], "  scheduled  waits");
    assert_eq!(
        lines[1],
        "  failed  422 Unprocessable Entity: not a dead letter: no\\u{7}pe"
    );
    assert_eq!(lines[2], "  published  fine");
}

#[tokio::test]
async fn a_gate_that_does_not_answer_ends_the_redrive() {
    let gate = Gate::default();
    *gate.answers.lock().expect("a lock") = vec![(503, json!({ "title": "not done" })); 9];
    let redriven = redrive(&gate, &["--all"], letters().join("\n")).await;
    assert_eq!((redriven.code, gate.given().len()), (1, 5));
    assert!(
        redriven
            .out
            .ends_with("none accepted; 1 failed, 0 not found, 0 not readable; stopped\n"),
        "{}",
        redriven.out
    );

    let gate = Gate::default();
    *gate.answers.lock().expect("a lock") = vec![(401, json!({ "title": "the token is wrong" }))];
    let redriven = redrive(&gate, &["--all"], letters().join("\n")).await;
    assert_eq!((redriven.code, gate.given().len()), (1, 1), "{}", redriven.out);
}
