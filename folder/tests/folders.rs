//! Folders that make a policy, and what is said of those that do not.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use rstest::rstest;
use tempfile::TempDir;
use tidegate_policy::{Bundle, Code, Policy};

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

/// Reads a folder and makes its policy, as the prebuilt component does. An error comes with its causes in one line, with the folder
/// left out.
fn read(folder: &Path) -> Result<Bundle, String> {
    let policy = || {
        let bundle = tidegate_folder::read(folder)?;
        Policy::new(&bundle, Code::default())?;
        anyhow::Ok(bundle)
    };
    policy().map_err(|error| format!("{error:#}").replace(&folder.display().to_string(), "DIR"))
}

#[test]
fn a_folder_becomes_a_bundle() {
    let dir = folder();
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
        "{ 1.1: placed.json, 1.10: placed.json }\n    default_version: 1.10\n    migrations: [{ from: 1.1, to: 1.10, do: [] }]",
    );
    fs::write(dir.path().join("policy.yaml"), manifest).expect("written");
    fs::write(
        dir.path().join("placed.json"),
        SCHEMA.replace("\"examples\"", "\"example\""),
    )
    .expect("written");
    // The default is found before the examples are missed: `1.10` is not `1.1`.
    let error = read(dir.path()).expect_err("no examples");
    let expected = "the schema of order.placed 1.1 has no `examples`: add a valid event, since none can be made of \
                    an older version";
    assert_eq!(error, expected);
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
    "there is no lost.json, the schema of order.placed 1"
)]
#[case::no_version(
    "policy.yaml",
    "{ 1: placed.json }",
    "{}",
    "the event type order.placed has no version"
)]
#[case::no_default(
    "policy.yaml",
    "{ 1: placed.json }",
    "{ 1: placed.json, 2: placed.json }",
    "order.placed needs a default_version, one of: 1, 2"
)]
#[case::no_json("common.json", "{", "[", "common.json is not JSON: ")]
#[case::no_schema("common.json", "[\"id\"", "[7", "placed.json is not a usable schema: ")]
#[case::no_definition(
    "placed.json",
    "$defs/event",
    "$defs/evnt",
    "placed.json is not a usable schema: Pointer '/$defs/evnt' does not exist"
)]
#[case::nothing_is_fetched(
    "placed.json",
    "common.json#",
    "https://example.com/common.json#",
    "a schema refers to what is not among the policy's files: Resource 'https://example.com/common.json'"
)]
#[case::nothing_is_read_from_elsewhere(
    "placed.json",
    "common.json#",
    "file:///etc/hostname#",
    "a schema refers to what is not among the policy's files: Resource 'file:///etc/hostname'"
)]
#[case::no_example(
    "placed.json",
    "examples",
    "example",
    "the schema of order.placed 1 has no `examples`: add a valid event"
)]
#[case::no_channel(
    "policy.yaml",
    "channel: orders",
    "channel:",
    "DIR/policy.yaml: line 7 column 12: a channel has a name; leave `channel` out"
)]
#[case::no_limit(
    "policy.yaml",
    "retry:",
    "limits: { depth: 0 }\nretry:",
    "limits.depth must be from 1 to 256, is 0"
)]
#[case::no_delay_at_all(
    "policy.yaml",
    "[1s, 2s]",
    "[500us]",
    "DIR/policy.yaml: line 4 column 19: a retry delay of 500us is shorter than 1ms"
)]
#[case::one_place_for_two_names(
    "policy.yaml",
    "type: /type",
    "type: /id/type",
    "envelope: no event can state its id and its type there"
)]
#[case::not_a_plain_name(
    "policy.yaml",
    "placed.json",
    "./placed.json",
    "DIR: \"./placed.json\" is no file of the folder: write its path from the folder"
)]
#[case::out_of_the_folder(
    "policy.yaml",
    "placed.json",
    "../placed.json",
    "DIR: \"../placed.json\" is no file of the folder: write its path from the folder"
)]
#[case::example_without_id(
    "placed.json",
    "\"id\": \"o-1\", ",
    "",
    "the example of order.placed 1 is not valid: required at \"/id\": id is required"
)]
#[case::example_with_a_fraction_as_key(
    "placed.json",
    "\"c-1\"",
    "7.5",
    "the example of order.placed 1 is not valid: type at \"/customer\": must be a string or an integer"
)]
#[case::two_documents(
    "policy.yaml",
    "{ 1: placed.json }",
    "{ 1: placed.json }\n---\na: 1",
    "DIR/policy.yaml: it has several documents"
)]
#[case::another_draft(
    "common.json",
    "{ \"$defs\"",
    "{ \"$schema\": \"http://json-schema.org/draft-07/schema#\", \"$defs\"",
    "common.json says that it is written for \"http://json-schema.org/draft-07/schema#\""
)]
#[case::no_migration(
    "policy.yaml",
    "{ 1: placed.json }",
    "{ 1: placed.json, 2: common.json }\n    default_version: 1",
    "nothing leads from order.placed 1 to 2, in which events leave: add a migration"
)]
#[case::other_default(
    "policy.yaml",
    "{ 1: placed.json }",
    "{ 1: placed.json }\n    default_version: 7",
    "the default_version 7 of order.placed is none of its versions: 1"
)]
#[case::bad_example(
    "placed.json",
    "\"customer\"",
    "\"client\"",
    "the example of order.placed 1 is not valid: required at \"/customer\": customer is required"
)]
#[case::other_example(
    "placed.json",
    "order.placed",
    "order.lost",
    "the example of order.placed 1 is not valid: unknown-event-type at \"/type\""
)]
fn a_wrong_folder_is_refused(#[case] file: &str, #[case] from: &str, #[case] to: &str, #[case] expected: &str) {
    let dir = folder();
    let path = dir.path().join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
    let error = read(dir.path()).expect_err("no policy");
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_folder_has_one_manifest() {
    let dir = folder();
    fs::write(dir.path().join("policy.json"), "{}").expect("written");
    assert_eq!(
        read(dir.path()).expect_err("two manifests"),
        "DIR has several manifests, policy.yaml and policy.json: keep one"
    );
    let none = read(&dir.path().join("none")).expect_err("nothing");
    assert!(none.starts_with("DIR cannot be read: "), "{none}");
    let empty = tempfile::tempdir().expect("a directory");
    assert_eq!(
        read(empty.path()).expect_err("no manifest"),
        "DIR has no policy.yaml, policy.yml or policy.json"
    );
}

#[test]
fn only_files_that_are_named_belong_to_the_policy() {
    let dir = folder();
    let before = read(dir.path()).expect("a policy").to_document().expect("JSON");
    fs::write(dir.path().join("event.json"), "{").expect("written");
    symlink("nowhere", dir.path().join(".#policy.yaml")).expect("linked");
    symlink(".", dir.path().join("circle")).expect("linked");
    symlink("/etc/hostname", dir.path().join("link.json")).expect("linked");
    assert_eq!(read(dir.path()).expect("a policy").to_document().expect("JSON"), before);
}

#[test]
fn nothing_outside_the_folder_is_read() {
    let elsewhere = tempfile::tempdir().expect("a directory");
    for name in ["policy.yaml", "placed.json", "common.json"] {
        let dir = folder();
        let target = elsewhere.path().join(name);
        fs::rename(dir.path().join(name), &target).expect("moved");
        symlink(&target, dir.path().join(name)).expect("linked");
        assert_eq!(
            read(dir.path()).expect_err("a link"),
            format!("DIR/{name} leads out of the folder: a policy has all its files in one place")
        );
        fs::remove_file(dir.path().join(name)).expect("removed");
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join(name), rustix::fs::Mode::RUSR).expect("made");
        assert_eq!(
            read(dir.path()).expect_err("a pipe"),
            format!("DIR/{name} cannot be read: it is not a file")
        );
    }
}

#[test]
fn links_inside_the_folder_are_followed() {
    // As Kubernetes mounts a ConfigMap.
    let dir = folder();
    fs::create_dir(dir.path().join("..2026")).expect("made");
    symlink("..2026", dir.path().join("..data")).expect("linked");
    let before = read(dir.path()).expect("a policy").to_document().expect("JSON");
    for name in ["policy.yaml", "placed.json", "common.json"] {
        fs::rename(dir.path().join(name), dir.path().join("..2026").join(name)).expect("moved");
        symlink(Path::new("..data").join(name), dir.path().join(name)).expect("linked");
    }
    assert_eq!(read(dir.path()).expect("a policy").to_document().expect("JSON"), before);
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    let (dir, other) = (folder(), folder());
    for name in ["policy.yaml", "placed.json", "common.json"] {
        let text = fs::read_to_string(dir.path().join(name)).expect("readable");
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        fs::write(other.path().join(name), text).expect("written");
    }
    let document = |dir: &Path| read(dir).expect("a policy").to_document().expect("JSON");
    assert_eq!(document(dir.path()), document(other.path()));
}

#[test]
fn aliases_do_not_multiply() {
    let dir = folder();
    let level = |level: usize| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "))
    };
    let bomb: String = (1..10).map(level).collect();
    fs::write(dir.path().join("policy.yaml"), format!("a0: &a0 [x]\n{bomb}{MANIFEST}")).expect("written");
    let (answer, path) = (std::sync::mpsc::channel(), dir.path().to_owned());
    let sender = answer.0;
    std::thread::spawn(move || sender.send(read(&path).map(|_| ())));
    let read = answer
        .1
        .recv_timeout(Duration::from_secs(20))
        .expect("an answer, and soon");
    read.expect_err("refused");
}

#[test]
fn a_folder_is_bounded() {
    let dir = folder();
    let many = |count: usize, text: &str| {
        let references: Vec<_> = (0..count)
            .map(|number| format!("{{\"$ref\":\"{number}.json\"}}"))
            .collect();
        for number in 0..count {
            fs::write(dir.path().join(format!("{number}.json")), text).expect("written");
        }
        let schema = format!("{{\"anyOf\":[{}]}}", references.join(","));
        fs::write(dir.path().join("common.json"), schema).expect("written");
        read(dir.path()).expect_err("too much")
    };
    let text = format!("\"{}\"", " ".repeat(1 << 20));
    assert_eq!(many(5, &text), "DIR has more than 4 MiB of schemas");
    assert_eq!(many(2000, "{}"), "DIR has more than 2,000 schemas");
    fs::write(dir.path().join("policy.yaml"), "#".repeat((1 << 20) + 1)).expect("written");
    let expected = "DIR/policy.yaml cannot be read: it has more than 1 MiB";
    assert_eq!(read(dir.path()).expect_err("too large"), expected);
}
