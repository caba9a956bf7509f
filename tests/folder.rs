//! A policy from a folder of plain files, by the built program: what it decides, and that the same files give the same bytes.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tidegate_harness::{copy_dir, repository};
use tidegate_tests::tidegate;

/// A copy of `examples/orders`.
fn orders() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy_dir(&repository().join("examples/orders"), dir.path()).expect("copied");
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn the_example_decides_on_its_events() {
    let dir = orders();
    let events = fs::read_to_string(dir.path().join("events.jsonl")).expect("readable");
    let applied = tidegate(&["apply", "--policy", text(dir.path())], events.as_bytes());
    assert_eq!(applied.code, 0, "{}", applied.err);
    let decisions: Vec<Value> = applied
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let shown: Vec<_> = decisions
        .iter()
        .map(|decided| {
            let output = &decided["outputs"][0];
            let violations = decided["violations"].as_array().expect("a list");
            let paths: Vec<_> = violations.iter().filter_map(|found| found["path"].as_str()).collect();
            let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {}",
                word(&decided["decision"]),
                word(&output["channel"]),
                word(&output["key"]),
                word(&output["id"]),
                paths.join(" ")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "forward orders c-1 o-100 ",
            "forward payments c-1 p-100 ",
            "reject - - - /data/currency /data/lines /data/total",
            "reject - - - /type",
            "forward orders c-1 o-100-x ",
            "forward orders c-1 o-103 ",
            "forward orders c-4 42 ",
            "forward payments c-4 42 ",
        ]
    );
    let sent = decisions[0]["outputs"][0]["event"].to_string();
    assert_eq!(Some(sent.as_str()), events.lines().next(), "it leaves as it came");
    assert_eq!(
        decisions[5]["outputs"][0]["event"].to_string(),
        r#"{"id":"o-103","type":"order.placed","schemaVersion":"2","customerId":"c-1","occurredAt":"2026-03-02T08:04:00Z","data":{"orderId":103,"total":"24.90","lines":[{"sku":"tea-250","qty":3}],"currency":"EUR"}}"#,
        "it is migrated"
    );
}

/// Builds a policy of a folder.
fn build(folder: &Path, file: &Path) {
    let build = tidegate(&["build", text(folder), "-o", text(file)], b"");
    assert_eq!(build.code, 0, "{}", build.err);
}

/// The same file as another tidegate would have built it: a word of the prebuilt component is another one.
fn of_another_build(built: &[u8]) -> Vec<u8> {
    let (ours, theirs) = (b"is required", b"is Required");
    let mut other = built.to_vec();
    let at = built
        .windows(ours.len())
        .position(|window| window == ours)
        .expect("a message");
    other[at..at + theirs.len()].copy_from_slice(theirs);
    other
}

#[test]
fn a_folder_and_the_files_that_are_built_of_it_decide_alike() {
    let (dir, out) = (orders(), tempfile::tempdir().expect("a directory"));
    let [component, document, other] = ["orders.wasm", "orders.json", "other.wasm"].map(|name| out.path().join(name));
    build(dir.path(), &component);
    build(dir.path(), &document);
    fs::write(&other, of_another_build(&fs::read(&component).expect("built"))).expect("written");
    let events = fs::read(dir.path().join("events.jsonl")).expect("readable");
    // Often enough that instances are used again, and side by side.
    let events = events.repeat(200);
    let decided = |policy: &Path| {
        let args = ["apply", "--policy", text(policy), "--now", "2026-03-01T09:30:00Z"];
        let decided = tidegate(&args, &events);
        assert_eq!(decided.code, 0, "{}", decided.err);
        decided.out
    };
    let expected = decided(dir.path());
    assert_eq!(expected, decided(&document));
    assert_eq!(expected, decided(&component));
    // Its bundle is found in its memory, not handed over.
    assert_eq!(expected.replace("is required", "is Required"), decided(&other));
}

/// What `check` says of a policy.
fn checked(policy: &Path) -> Value {
    let checked = tidegate(&["check", text(policy), "--json"], b"");
    assert_eq!(checked.code, 0, "{}", checked.err);
    serde_json::from_str(&checked.out).expect("JSON")
}

#[test]
fn a_built_component_is_recognised_by_building_it_again() {
    let (dir, out) = (orders(), tempfile::tempdir().expect("a directory"));
    let file = out.path().join("orders.wasm");
    build(dir.path(), &file);
    let built = fs::read(&file).expect("built");
    let is_own = |bytes: &[u8]| {
        fs::write(&file, bytes).expect("written");
        let checked = checked(&file);
        let load = &checked["load"];
        assert_eq!(
            checked["digest"],
            tidegate_engine::Digest::of(bytes).as_str(),
            "it is told by its file"
        );
        // The gate's own code is never prepared.
        (
            load["snapshot"].is_null() && load["bytes"].as_u64() < Some(100_000),
            load["other_build"] == true,
        )
    };
    assert_eq!(is_own(&built), (true, false));
    let signed = [&built[..], &[0, 5, 4], b"sign"].concat();
    assert_eq!(is_own(&signed), (true, false), "a custom section means nothing");
    assert_eq!(
        is_own(&of_another_build(&built)),
        (false, true),
        "it has other code, and says what it is"
    );
}

#[test]
fn a_folder_and_its_bundle_are_the_same_policy() {
    let (dir, out) = (orders(), tempfile::tempdir().expect("a directory"));
    let file = out.path().join("orders.json");
    build(dir.path(), &file);
    assert_eq!(checked(dir.path())["digest"], checked(&file)["digest"]);
    let same = tidegate(&["build", text(dir.path()), "--check", text(&file)], b"");
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    // Recognised by what is in it, not by its name.
    let renamed = out.path().join("orders");
    fs::rename(&file, &renamed).expect("renamed");
    assert_eq!(checked(dir.path())["digest"], checked(&renamed)["digest"]);
    let manifest = tidegate(&["check", text(&dir.path().join("policy.yaml"))], b"");
    assert_eq!(manifest.code, 3, "{}", manifest.out);
    assert!(
        manifest.err.contains("of plain files, name the folder"),
        "{}",
        manifest.err
    );
}

#[test]
fn the_same_files_give_the_same_bytes_and_others_do_not() {
    let (one, other) = (orders(), orders());
    let out = tempfile::tempdir().expect("a directory");
    let file = out.path().join("orders.wasm");
    let build = tidegate(&["build", text(one.path()), "-o", text(&file), "--json"], b"");
    assert_eq!(build.code, 0, "{}", build.err);
    let report: Value = serde_json::from_str(&build.out).expect("JSON");
    assert_eq!(report["bytes"], fs::metadata(&file).expect("built").len());

    let check = |folder: &Path| tidegate(&["build", text(folder), "--check", text(&file)], b"");
    let same = check(other.path());
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert!(same.out.contains(" is the policy of "), "{}", same.out);
    let manifest = other.path().join("policy.yaml");
    let edited = fs::read_to_string(&manifest).expect("readable").replace("10m", "11m");
    fs::write(&manifest, edited).expect("written");
    let differs = check(other.path());
    assert_eq!(differs.code, 1, "{}{}", differs.out, differs.err);
    assert!(differs.out.contains(" is not the policy of "), "{}", differs.out);

    let checked = tidegate(&["check", text(&file), "--json"], b"");
    assert_eq!(checked.code, 0, "{}", checked.err);
    let checked: Value = serde_json::from_str(&checked.out).expect("JSON");
    assert_eq!(checked["digest"], report["digest"]);
    assert_eq!(checked["catalog"]["name"], "orders");
    let explained = tidegate(
        &["explain", "--policy", text(other.path()), "--json"],
        checked["catalog"]["event_types"][1]["versions"][0]["example"]
            .as_str()
            .expect("text")
            .as_bytes(),
    );
    let explained: Value = serde_json::from_str(&explained.out).expect("JSON");
    let delays: Vec<_> = explained["retries"]["schedule"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|retry| &retry["wait_ms"])
        .collect();
    assert_eq!(delays, [5000, 60_000, 660_000], "an edited delay is in force");
}

#[test]
fn a_policy_is_written_where_it_belongs() {
    let (dir, out) = (orders(), tempfile::tempdir().expect("a directory"));
    let build = |file: &Path| tidegate(&["build", text(dir.path()), "-o", text(file)], b"");
    let mode = |file: &Path| fs::metadata(file).expect("there").permissions().mode() & 0o777;
    let (plain, kept, link) = (
        out.path().join("plain"),
        out.path().join("kept"),
        out.path().join("link"),
    );
    fs::write(out.path().join("made"), "").expect("written");
    fs::write(&kept, "before").expect("written");
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o640)).expect("set");
    symlink("kept", &link).expect("linked");
    for file in [&plain, &link] {
        let done = build(file);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.out.contains(" was made of "), "{}", done.out);
    }
    assert_eq!(mode(&plain), mode(&out.path().join("made")), "as any file");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink(), "a link stays");
    assert_eq!(
        (fs::read(&kept).expect("read"), mode(&kept)),
        (fs::read(&plain).expect("read"), 0o640)
    );

    let pipe = out.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("made");
    for (file, why) in [
        (pipe.as_path(), "not a regular file"),
        (out.path(), "not a regular file"),
        (&out.path().join("none/x"), "not found"),
    ] {
        let refused = build(file);
        assert_eq!(refused.code, 3, "{}", refused.out);
        let says = format!("tidegate: {} cannot be written: ", file.display());
        assert!(
            refused.err.starts_with(&says) && refused.err.contains(why),
            "{}",
            refused.err
        );
    }
}

#[test]
fn what_a_folder_breaks_is_broken_in_a_sandbox() {
    let cases: [(&str, String, &str); 3] = [
        // Validating an example would take 2 to the 60th steps.
        ("doubling", doubling(60), "could not be prepared within 10 s"),
        ("memory", pattern("(?:a{1000}){1000}"), "is not a usable schema"),
        ("example", "{}".to_owned(), "has no `examples`"),
    ];
    for (name, schema, says) in cases {
        let dir = orders();
        fs::write(dir.path().join("order.placed/1.json"), schema).expect("written");
        let started = Instant::now();
        let refused = tidegate(&["build", text(dir.path()), "--check", "/dev/null"], b"");
        assert_eq!(refused.code, 3, "{name}: {}", refused.err);
        assert!(refused.err.contains(says), "{name}: {}", refused.err);
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

/// A schema whose validation takes twice as long with each level.
fn doubling(levels: usize) -> String {
    let level = |level: usize| {
        let next = format!(r##"{{ "$ref": "#/$defs/{}" }}"##, level + 1);
        format!(r#""{level}": {{ "allOf": [{next}, {next}] }}"#)
    };
    let levels: Vec<_> = (0..levels).map(level).chain([format!(r#""{levels}": {{}}"#)]).collect();
    let example = r#"{ "id": "o-1", "type": "order.placed", "customerId": "c-1" }"#;
    format!(
        r##"{{ "$defs": {{ {} }}, "$ref": "#/$defs/0", "examples": [{example}] }}"##,
        levels.join(", ")
    )
}

/// A schema with this pattern.
fn pattern(pattern: &str) -> String {
    format!(r#"{{ "properties": {{ "a": {{ "pattern": "{pattern}" }} }}, "examples": [{{}}] }}"#)
}

#[test]
fn a_wrong_folder_is_refused_and_nothing_is_written() {
    let dir = orders();
    let manifest = dir.path().join("policy.yaml");
    let edited = fs::read_to_string(&manifest)
        .expect("readable")
        .replace("channel: payments", "chanel: payments");
    fs::write(&manifest, edited).expect("written");
    let built = dir.path().join("orders.wasm");
    let refused = tidegate(&["build", text(dir.path()), "-o", text(&built)], b"");
    assert_eq!((refused.code, refused.out.as_str()), (3, ""));
    let says = format!(
        "tidegate: {}: line 39 column 5: unknown field `chanel`, expected one of channel",
        manifest.display()
    );
    assert!(refused.err.starts_with(&says), "{}", refused.err);
    assert!(!built.exists());
}

#[test]
fn a_migration_that_breaks_its_law_is_shown_and_nothing_is_written() {
    let dir = orders();
    // No example shows it: they have two decimals.
    let common = dir.path().join("common.json");
    let edited = fs::read_to_string(&common)
        .expect("readable")
        .replace("-?(0|[1-9][0-9]*)([.][0-9]+)?", "(0|[1-9][0-9]*)[.][0-9]{2}");
    fs::write(&common, edited).expect("written");
    let built = dir.path().join("orders.wasm");
    let refused = tidegate(&["build", text(dir.path()), "-o", text(&built)], b"");
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{}", refused.err);
    let says = format!(
        "tidegate: {}: line 25 column 13: order.placed 1: an event",
        text(&dir.path().join("policy.yaml"))
    );
    assert!(refused.err.starts_with(&says), "{}", refused.err);
    assert!(
        refused
            .err
            .contains("/data/total must match ^(0|[1-9][0-9]*)[.][0-9]{2}$\n  event: {"),
        "{}",
        refused.err
    );
    assert!(!built.exists());
    let checked = tidegate(
        &["check", text(dir.path()), "--prove-events", "50", "--prove-seed", "7"],
        b"",
    );
    assert_eq!((checked.code, checked.out.as_str()), (1, ""), "{}", checked.err);
}

#[test]
fn what_only_the_whole_folder_shows_is_told_with_its_line_too() {
    let dir = orders();
    let manifest = dir.path().join("policy.yaml");
    let edited = fs::read_to_string(&manifest)
        .expect("readable")
        .replace("default_version: 1", "default_version: 3");
    fs::write(&manifest, edited).expect("written");
    for command in ["build", "check"] {
        let refused = tidegate(&[command, text(dir.path())], b"");
        assert_eq!((refused.code, refused.out.as_str()), (3, ""));
        let says = format!(
            "tidegate: {}: line 20 column 5: the default_version 3 of order.placed",
            manifest.display()
        );
        assert!(refused.err.starts_with(&says), "{}", refused.err);
    }
}
