//! Records that every policy rejects: each is one dead letter, complete, and its topic goes on.

use tidegate_tests::{Letter, SqliteGate, event};

use super::given::dispositions;

const LARGE: usize = 900_000;

#[tokio::test]
async fn poison_is_one_dead_letter_each_and_the_topic_goes_on() {
    let gate = SqliteGate::start("poison", "alerts: { window_seconds: 0 }").await;
    let large = "x".repeat(LARGE);
    let wrong = event("wrong")
        .replace("9007199254740993", "\"9\"")
        .replace("Water the plants", &large);
    let bad: [(&str, Vec<u8>); 7] = [
        ("not-utf8", b"\xff\xfe not an event \x00".to_vec()),
        ("not-utf8", [b"\xff", large.as_bytes()].concat()),
        ("not-json", b"not json".to_vec()),
        ("not-json", large.clone().into_bytes()),
        ("not-json", vec![0; LARGE]),
        ("not-json", Vec::new()),
        ("type", wrong.into_bytes()),
    ];
    let fits = event("fits").replace("Water the plants", &large);
    let mut lines = Vec::new();
    for line in bad
        .iter()
        .map(|(_, line)| line.as_slice())
        .chain([fits.as_bytes(), event("after").as_bytes()])
    {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    gate.send("task-events", &lines);

    let dispositions = dispositions(&gate, bad.len() + 2).await;
    assert_eq!(dispositions[..bad.len()], vec!["dead_lettered"; bad.len()]);
    assert_eq!(dispositions[bad.len()..], ["published", "published"]);
    let letters = gate.read("dlq");
    assert_eq!(letters.len(), bad.len(), "one each");
    for (letter, (code, bytes)) in letters.iter().zip(&bad) {
        let letter = Letter::of(&letter["event"].to_string()).expect("a dead letter");
        assert_eq!(letter.code.as_deref(), Some(*code));
        assert!(
            letter.original == *bytes,
            "{code}: {} bytes of {} are in the dead letter",
            letter.original.len(),
            bytes.len()
        );
    }
    assert_eq!(gate.read("ops-alerts").len(), bad.len());
    let sent = gate.read("task-events.gated");
    let ids: Vec<_> = sent.iter().map(|record| &record["id"]).collect();
    assert_eq!(ids, ["fits", "after"]);
}
