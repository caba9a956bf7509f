//! Folders that make a policy, and what is said of those that do not.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

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
        "{ 1.1: placed.json, 1.10: placed.json }\n    default_version: 1.10\n    migrations: [{ from: 1.1, to: 1.10, do: [] }]\n    \
         rules: [{ id: a, expr: 'true', message: m, versions: [1.10] }, { id: b, expr: 'true', message: m, versions: all }]",
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
    // For editors, beside the manifest.
    fs::write(dir.path().join("policy.schema.json"), tidegate_folder::MANIFEST_SCHEMA).expect("written");
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

/// In a time that grows with them, and not with their square.
#[test]
fn many_members_are_read() {
    let dir = folder();
    let members: Vec<String> = (0..100_000).map(|at| format!("k{at}: 1")).collect();
    let members = members.join(",");
    let manifest = format!("{MANIFEST}dead_letters: {{ template: {{ {members}, e: {{ original: text }} }} }}\n");
    fs::write(dir.path().join("policy.yaml"), manifest).expect("written");
    read(dir.path()).expect("a policy");
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
