//! Files that are written to do harm: each is refused within the bounds of a load, with a reason, and the policy that decides stays.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    folders::{CONFIG, order, orders, until_loaded},
    rig::Rig,
};

/// Time for a refusal: a bundle is proven for ten seconds at most, and this machine may be busy.
const BOUND: Duration = Duration::from_mins(1);

/// A schema whose validation takes twice as long with each level.
fn doubling(levels: usize) -> String {
    let level = |level: usize| {
        let next = format!(r##"{{ "$ref": "#/$defs/{}" }}"##, level + 1);
        format!(r#""{level}": {{ "allOf": [{next}, {next}] }}"#)
    };
    let levels: Vec<_> = (0..levels).map(level).chain([format!(r#""{levels}": {{}}"#)]).collect();
    schema(&format!(
        r##""$defs": {{ {} }}, "$ref": "#/$defs/0""##,
        levels.join(", ")
    ))
}

/// A schema with these keywords.
fn schema(keywords: &str) -> String {
    let example = r#"{ "id": "o-1", "type": "order.placed", "customerId": "c-1" }"#;
    format!(r#"{{ {keywords}, "examples": [{example}] }}"#)
}

/// A template in which each value stands for nine of the one before.
fn aliases() -> String {
    let mut text = "name: many\nversion: 1\nenvelope: { id: /id, type: /type }\nevent_types: {}\n".to_owned();
    text.push_str("dead_letters:\n template:\n  a0: &a0 [x]\n");
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  a{level}: &a{level} [{before}]");
    }
    text
}

/// The manifest of the example with a rule that looks at each item of a list for each of the same, and so on.
fn quadratic(manifest: &str) -> String {
    let items: Vec<String> = (0..100).map(|item| item.to_string()).collect();
    let list = format!("[{}]", items.join(", "));
    let rule = ["a", "b", "c", "d"]
        .iter()
        .rev()
        .fold("a >= 0".to_owned(), |inner, item| {
            format!("{list}.all({item}, {inner})")
        });
    manifest.replace("decimal(event.data.total) > 0", &format!("{rule:?}"))
}

/// A manifest with so many types of one schema.
fn types(count: usize) -> String {
    let mut text = "name: many\nversion: 1\nenvelope: { id: /id, type: /type }\nevent_types:\n".to_owned();
    for number in 0..count {
        let _ = writeln!(text, " t{number}: {{versions: {{1: order.placed/1.json}}}}");
    }
    text
}

#[tokio::test]
async fn hostile_files_are_refused_and_the_policy_stays() {
    let rig = Rig::start_on_folder(orders(), "shop", CONFIG).await;
    let before = until_loaded(&rig, 1).await;
    let (first, manifest) = ("order.placed/1.json", "policy.yaml");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let numbers: Vec<_> = (0..400_000).map(|number| number.to_string()).collect();
    let rule = fs::read_to_string(rig.path.join(manifest)).expect("readable");
    let cases: [(&str, &str, String, &str); 11] = [
        (
            // It asks for nothing, and the example is no event of the next version.
            "a reference to itself",
            first,
            schema(r##""$ref": "#""##),
            "the example of order.placed 1 is not valid",
        ),
        (
            "a million-fold repeat",
            first,
            schema(r#""properties": { "id": { "pattern": "(?:a{1000}){1000}" } }"#),
            "is not a usable schema",
        ),
        ("aliases of aliases", manifest, aliases(), "budget breached"),
        (
            "deep nesting",
            first,
            schema(&format!(r#""const": {deep}"#)),
            "is not JSON: recursion limit exceeded",
        ),
        ("100,000 types", manifest, types(100_000), "more than 1 MiB"),
        ("20,000 types", manifest, types(20_000), "could not be prepared within"),
        (
            "a huge enum",
            first,
            schema(&format!(r#""enum": [{}]"#, numbers.join(","))),
            "the example of order.placed 1 is not valid",
        ),
        (
            "2 to the 60th steps",
            first,
            doubling(60),
            "could not be prepared within 10 s",
        ),
        ("a quadratic rule", manifest, quadratic(&rule), "rule-cost"),
        (
            "a file",
            first,
            schema(r#""$ref": "file:///etc/passwd""#),
            "nothing is fetched",
        ),
        (
            "an address",
            first,
            schema(r#""$ref": "http://127.0.0.1:9/schema.json""#),
            "nothing is fetched",
        ),
    ];
    for (number, (name, file, text, says)) in cases.into_iter().enumerate() {
        let path = rig.path.join(file);
        let good = fs::read(&path).expect("readable");
        let started = Instant::now();
        replace(&path, text.as_bytes());
        let why = rig.until_refused().await;
        let shown: String = why.chars().take(500).collect();
        assert!(why.contains(says), "{name}: {shown}");
        assert!(why.len() < 3000, "{name}: {} bytes: {shown}", why.len());
        assert!(started.elapsed() < BOUND, "{name}: {:?}", started.elapsed());
        rig.gate.send("shop-events", order(&format!("o-{number}")).as_bytes());
        rig.gate.processed("shop-events", number + 1).await;
        assert_eq!(rig.revisions().await["current"], before["current"], "{name}");
        replace(&path, &good);
        until_loaded(&rig, 1).await;
    }
    assert_eq!(rig.gate.read("orders").len(), 11, "all were decided");
}

/// Replaces a file by renaming.
fn replace(path: &Path, bytes: &[u8]) {
    let new = path.with_file_name(".new");
    fs::write(&new, bytes).expect("written");
    fs::rename(new, path).expect("renamed");
}
