//! Folders that make a policy, and what is said of those that do not.

use std::{fs, os::unix::fs::symlink, path::Path};

use rstest::rstest;
use tempfile::TempDir;
use tidegate_folder::{FolderError, read};

const MANIFEST: &str = "name: shop
version: 1.0.0
envelope: { id: /id, type: /type, version: /v, key: /customer }
retry: { default: [1s, 2s] }
event_types:
  order.placed:
    channel: orders
    versions: { 1: placed.json }
";

const SCHEMA: &str = r#"{
  "$ref": "common.json#/$defs/event",
  "examples": [{ "id": "o-1", "type": "order.placed", "customer": "c-1" }]
}"#;

const COMMON: &str = r#"{ "$defs": { "event": { "required": ["id", "type", "customer"] } } }"#;

/// A folder that makes a policy.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in [
        ("policy.yaml", MANIFEST),
        ("placed.json", SCHEMA),
        ("common.json", COMMON),
    ] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

/// The error and its causes in one line, with the folder left out.
fn problem(folder: &Path, error: FolderError) -> String {
    format!("{:#}", anyhow::Error::new(error)).replace(&folder.display().to_string(), "DIR")
}

#[test]
fn a_folder_becomes_a_bundle() {
    let dir = folder();
    fs::write(dir.path().join(".hidden.json"), "{").expect("written");
    fs::create_dir(dir.path().join("tests")).expect("created");
    fs::write(dir.path().join("tests/case.json"), "{").expect("written");
    fs::write(dir.path().join("notes.txt"), "anything").expect("written");
    let bundle = read(dir.path()).expect("a policy");
    let names: Vec<_> = bundle.files.iter().map(|file| &*file.name).collect();
    assert_eq!(names, ["common.json", "placed.json"]);
    let document = bundle.to_document().expect("JSON");
    let again = tidegate_policy::Bundle::from_document(&document).expect("a bundle");
    assert_eq!(again.to_document().expect("JSON"), document);
}

#[test]
fn a_manifest_may_be_json() {
    let dir = folder();
    fs::remove_file(dir.path().join("policy.yaml")).expect("removed");
    let manifest = r#"{
        "name": "shop", "version": "1.0.0",
        "envelope": { "id": "/id", "type": "/type", "key": "/customer" },
        "event_types": { "order.placed": { "channel": "orders", "versions": { "1": "placed.json" } } }
    }"#;
    fs::write(dir.path().join("policy.json"), manifest).expect("written");
    read(dir.path()).expect("a policy");
}

#[test]
fn versions_are_taken_by_their_text() {
    let dir = folder();
    let manifest = MANIFEST.replace(
        "{ 1: placed.json }",
        "{ 1.1: placed.json, 1.10: placed.json }\n    default_version: 1.10",
    );
    fs::write(dir.path().join("policy.yaml"), manifest).expect("written");
    fs::write(
        dir.path().join("placed.json"),
        SCHEMA.replace("\"examples\"", "\"example\""),
    )
    .expect("written");
    // The default is found before the examples are missed: `1.10` is not `1.1`.
    let error = read(dir.path()).expect_err("no examples");
    let expected = "DIR is no policy: the schema of order.placed 1.1 has no `examples`: add a valid event, since none can be made of \
                    an older version";
    assert_eq!(problem(dir.path(), error), expected);
}

#[rstest]
#[case::unknown_key(
    "policy.yaml",
    "channel:",
    "chanel:",
    "DIR/policy.yaml: line 7 column 5: unknown field `chanel`, expected one of channel, accepted, retry"
)]
#[case::missing_key(
    "policy.yaml",
    "version: 1.0.0\n",
    "",
    "DIR/policy.yaml: line 4 column 1: missing field `version`"
)]
#[case::no_unit(
    "policy.yaml",
    "[1s, 2s]",
    "[1, 2]",
    "DIR/policy.yaml: line 4 column 19: expected a list of delays such as [1s, 5s]"
)]
#[case::no_delay(
    "policy.yaml",
    "[1s, 2s]",
    "[1x]",
    "DIR/policy.yaml: line 4 column 19: \"1x\" is not a delay: write a number and a unit"
)]
#[case::no_place(
    "policy.yaml",
    "/id",
    "id",
    "DIR/policy.yaml: line 3 column 17: \"id\" is not a place in an event: write a JSON Pointer"
)]
#[case::twice(
    "policy.yaml",
    "    channel",
    "    channel: a\n    channel",
    "DIR/policy.yaml: line 8 column 5: duplicate mapping key: channel\n"
)]
#[case::no_yaml("policy.yaml", "name: shop", "name: \"shop", "DIR/policy.yaml: line ")]
#[case::no_file(
    "policy.yaml",
    "placed.json",
    "lost.json",
    "DIR is no policy: there is no lost.json, the schema of order.placed 1"
)]
#[case::no_version(
    "policy.yaml",
    "{ 1: placed.json }",
    "{}",
    "DIR is no policy: the event type order.placed has no version"
)]
#[case::no_default(
    "policy.yaml",
    "{ 1: placed.json }",
    "{ 1: placed.json, 2: placed.json }",
    "DIR is no policy: order.placed needs a default_version, one of: 1, 2"
)]
#[case::no_json("common.json", "{", "[", "DIR is no policy: common.json is not JSON: ")]
#[case::no_schema(
    "common.json",
    "[\"id\"",
    "[7",
    "DIR is no policy: placed.json is not a usable schema: "
)]
#[case::no_definition(
    "placed.json",
    "$defs/event",
    "$defs/evnt",
    "DIR is no policy: placed.json is not a usable schema: Pointer '/$defs/evnt' does not exist"
)]
#[case::nothing_is_fetched(
    "placed.json",
    "common.json#",
    "https://example.com/common.json#",
    "DIR is no policy: a schema refers to what is not among the policy's files: Resource 'https://example.com/common.json'"
)]
#[case::nothing_is_read_from_elsewhere(
    "placed.json",
    "common.json#",
    "file:///etc/hostname#",
    "DIR is no policy: a schema refers to what is not among the policy's files: Resource 'file:///etc/hostname'"
)]
#[case::no_example(
    "placed.json",
    "examples",
    "example",
    "DIR is no policy: the schema of order.placed 1 has no `examples`: add a valid event"
)]
#[case::bad_example(
    "placed.json",
    "\"customer\"",
    "\"client\"",
    "DIR is no policy: the example of order.placed 1 is not valid: required at \"/customer\": customer is required"
)]
#[case::other_example(
    "placed.json",
    "order.placed",
    "order.lost",
    "DIR is no policy: the example of order.placed 1 is not valid: unknown-event-type at \"/type\""
)]
fn a_wrong_folder_is_refused(#[case] file: &str, #[case] from: &str, #[case] to: &str, #[case] expected: &str) {
    let dir = folder();
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
    let error = read(dir.path()).expect_err("no policy");
    let problem = problem(dir.path(), error);
    assert!(problem.starts_with(expected), "{problem}");
}

#[test]
fn a_folder_has_one_manifest_and_all_its_files() {
    let dir = folder();
    fs::write(dir.path().join("policy.json"), "{}").expect("written");
    let two = read(dir.path()).expect_err("two manifests");
    assert_eq!(
        problem(dir.path(), two),
        "DIR has several manifests, policy.yaml and policy.json: keep one"
    );
    fs::remove_file(dir.path().join("policy.json")).expect("removed");
    symlink("/etc/hostname", dir.path().join("link.json")).expect("linked");
    let outside = read(dir.path()).expect_err("a link");
    assert_eq!(
        problem(dir.path(), outside),
        "DIR/link.json leads out of the folder: a policy has all its files in one place"
    );
    fs::remove_file(dir.path().join("link.json")).expect("removed");
    symlink(".", dir.path().join("circle")).expect("linked");
    let circle = read(dir.path()).expect_err("a circle");
    assert_eq!(
        problem(dir.path(), circle),
        "DIR/circle cannot be read: a link leads in a circle"
    );
    let none = read(&dir.path().join("none")).expect_err("nothing");
    let none = problem(dir.path(), none);
    assert!(none.starts_with("DIR/none cannot be read: "), "{none}");
    let empty = tempfile::tempdir().expect("a directory");
    let none = read(empty.path()).expect_err("no manifest");
    assert_eq!(problem(empty.path(), none), "DIR has no policy.yaml and no policy.json");
}

#[test]
fn aliases_do_not_multiply() {
    let dir = folder();
    let level = |level: usize| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "))
    };
    let bomb: String = (1..10).map(level).collect();
    let bomb = format!("a0: &a0 [x]\n{bomb}");
    fs::write(dir.path().join("policy.yaml"), bomb + MANIFEST).expect("written");
    read(dir.path()).expect_err("refused, and soon");
}

#[test]
fn a_folder_is_bounded() {
    let dir = folder();
    let large = format!("\"{}\"", " ".repeat(4 << 20));
    fs::write(dir.path().join("large.json"), large).expect("written");
    let error = read(dir.path()).expect_err("too large");
    assert_eq!(problem(dir.path(), error), "DIR has more than 4 MiB of schemas");
    fs::remove_file(dir.path().join("large.json")).expect("removed");
    for number in 0..2000 {
        fs::write(dir.path().join(format!("{number}.json")), "{}").expect("written");
    }
    let error = read(dir.path()).expect_err("too many");
    assert_eq!(problem(dir.path(), error), "DIR has more than 2,000 files");
    fs::write(dir.path().join("policy.yaml"), "#".repeat((1 << 20) + 1)).expect("written");
    let error = read(dir.path()).expect_err("too large");
    let expected = "DIR/policy.yaml cannot be read: it has more than 1 MiB";
    assert_eq!(problem(dir.path(), error), expected);
}
