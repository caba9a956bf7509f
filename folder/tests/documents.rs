//! A policy as one document: the same as its folder, within bounds.

use std::fs;

use rstest::rstest;
use tempfile::TempDir;

const MANIFEST: &str = "name: shop
version: 1.0.0
envelope: { id: /id, type: /type }
event_types: { order.placed: { channel: orders, versions: { 1: placed.json } } }
";

/// A folder that makes a policy, with this title of its schema.
fn folder(title: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let schema = format!(r#"{{ "title": "{title}", "examples": [{{ "id": "o-1", "type": "order.placed" }}] }}"#);
    for (name, text) in [("policy.yaml", MANIFEST), ("placed.json", &schema)] {
        fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

#[test]
fn a_document_and_its_folder_are_the_same_policy() {
    let dir = folder("placed");
    let document = tidegate_folder::read_document(dir.path()).expect("a bundle");
    let by_hand: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    let indented = serde_json::to_string_pretty(&by_hand).expect("JSON");
    for text in [document.clone(), format!("\n{document}\n"), indented] {
        assert!(tidegate_folder::is_document(text.as_bytes()));
        let read = tidegate_folder::parse_document(text.as_bytes()).expect("a bundle");
        assert_eq!(read, document);
    }
    assert!(!tidegate_folder::is_document(b"\0asm"));
    assert!(!tidegate_folder::is_document(b""));
}

#[test]
fn a_document_that_ends_in_the_midst_is_told_from_a_wrong_one() {
    let document = tidegate_folder::read_document(folder("placed").path()).expect("a bundle");
    for end in 1..document.len() {
        let error = tidegate_folder::parse_document(&document.as_bytes()[..end]).expect_err("cut");
        assert!(error.is_cut(), "at {end}: {error}");
    }
}

#[rstest]
#[case::no_manifest("{\"files\":[]}".to_owned(), "missing field `manifest`")]
#[case::another_document("{\"name\":\"shop\"}".to_owned(), "this is not a bundle in one document: unknown field `name`")]
#[case::a_path_out(one_file("../etc/passwd.json"), "the bundle has a file \"../etc/passwd.json\"")]
#[case::a_hidden_file(one_file(".git/a.json"), "the bundle has a file \".git/a.json\"")]
#[case::twice(
    one_file("a.json\",\"text\":\"{}\"},{\"name\":\"a.json"),
    "the bundle has a file \"a.json\""
)]
#[case::not_text("{\"manifest\":\u{1}".to_owned(), "this is not a bundle in one document: ")]
#[case::too_large(format!("{{{}}}", " ".repeat(4 << 20)), "has 4194306 bytes, and may have 4194304")]
fn a_wrong_document_is_refused(#[case] document: String, #[case] says: &str) {
    let error = tidegate_folder::parse_document(document.as_bytes()).expect_err("refused");
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(error.contains(says), "{error}");
}

/// A document with a file of this name.
fn one_file(name: &str) -> String {
    let manifest = r#"{"name":"a","version":"1","envelope":{"id":"/id","type":"/type"},"event_types":{}}"#;
    format!(r#"{{"manifest":{manifest},"files":[{{"name":"{name}","text":"{{}}"}}]}}"#)
}

#[test]
fn a_folder_that_is_too_large_as_one_document_is_refused() {
    // Each quote takes four bytes in a document.
    let dir = folder(&"\\\"".repeat(1_100_000));
    let error = tidegate_folder::read_document(dir.path())
        .map(|read| read.len())
        .expect_err("too large");
    assert!(
        error.to_string().starts_with("as one document the policy has "),
        "{error}"
    );
}

#[test]
fn a_value_that_says_a_thing_twice_is_refused() {
    let manifest = r#"{"name":"a","version":"1","envelope":{"id":"/id","type":"/type"},"event_types":{},
        "dead_letters":{"template":{"a":1,"a":2}}}"#;
    let document = format!(r#"{{"manifest":{manifest},"files":[]}}"#);
    let error = tidegate_folder::parse_document(document.as_bytes()).expect_err("refused");
    let expected = "the manifest is ambiguous at /dead_letters/template/a: the object has more than one member \"a\"";
    assert_eq!(error.to_string(), expected);
}
