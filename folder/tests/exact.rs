//! The values that a manifest gives for members are those that it says: digits, exponents, signs and words stay.

use std::fs;

use tidegate_policy::Bundle;

/// A manifest that gives a value wherever one may be given.
fn manifest(value: &str) -> String {
    format!(
        "name: shop
version: 1.10
envelope: {{ id: /id, type: /type, version: /v }}
event_types:
  order.placed:
    channel: orders
    versions: {{ 1.1: a.json, 1.10: a.json }}
    default_version: 1.10
    migrations:
      - from: 1.1
        to: 1.10
        do:
          - add: {{ at: /a, value: {value}, lossy: true }}
          - remove: {{ at: /b, value: [{value}], lossy: true }}
          - nested: {{ at: /c, do: [{{ set: {{ at: /d, from: {{ x: {value} }}, to: {value} }} }}] }}
          - each: {{ at: /e, do: [{{ add: {{ at: /f, value: {value}, lossy: true }} }}] }}
    emits: [{{ type: order.checked, copy: {{ /g: {{ value: {value} }} }} }}]
  order.checked: {{ channel: orders, versions: {{ 1.1: a.json }} }}
migrations:
  - {{ from: 1.1, to: 1.10, do: [{{ add: {{ at: /h, value: {value}, lossy: true }} }}] }}
dead_letters: {{ template: {{ i: {{ else: {value} }} }} }}
"
    )
}

/// The manifest of a folder that has it in this file, as one document.
fn read(name: &str, manifest: &str) -> String {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join(name), manifest).expect("written");
    tidegate_folder::read_document(dir.path()).expect("a bundle")
}

/// Values as YAML says them, and as JSON does.
const SAID: [(&str, &str); 19] = [
    ("1.10", "1.10"),
    ("1E5", "1E5"),
    ("1e+5", "1e+5"),
    ("-0", "-0"),
    ("0.0000001", "0.0000001"),
    ("-1.50e-07", "-1.50e-07"),
    ("9007199254740993", "9007199254740993"),
    (
        "1234567890123456789012345678901234567890",
        "1234567890123456789012345678901234567890",
    ),
    ("'1.10'", "\"1.10\""),
    ("true", "true"),
    ("~", "null"),
    ("NO", "\"NO\""),
    ("no", "\"no\""),
    ("y", "\"y\""),
    ("yes", "\"yes\""),
    ("on", "\"on\""),
    ("Off", "\"Off\""),
    ("1_000", "\"1_000\""),
    ("2026-11-28", "\"2026-11-28\""),
];

#[test]
fn a_value_is_what_the_manifest_says() {
    for (yaml, expected) in SAID {
        let document = read("policy.yaml", &manifest(yaml));
        let of_a_text = read("policy.yaml", &manifest("'@'"));
        assert_eq!(document, of_a_text.replace("\"@\"", expected), "{yaml}");
    }
}

#[test]
fn a_document_says_what_its_folder_says() {
    for (yaml, _) in SAID {
        let document = read("policy.yaml", &manifest(yaml));
        let again = tidegate_folder::parse_document(document.as_bytes()).expect("a bundle");
        assert_eq!(again, document, "{yaml}");
        let json = serde_json::to_string(&Bundle::from_document(&document).expect("a bundle").manifest).expect("JSON");
        assert_eq!(read("policy.json", &json), document, "{yaml}");
    }
}

/// What JSON may say and YAML says otherwise.
#[test]
fn a_manifest_in_json_is_read_as_json() {
    let value = r#"["\ud83d\ude00 \/ \u00e9","a\tb",1E5,-0,{"":[]}]"#;
    let manifest = |space: &str| {
        format!(
            r#"{{{space}"name":{space}"shop \ud83d\ude00",{space}"version":"1","envelope":{{"id":"/id","type":"/type"}},
            "event_types":{{}},{space}"dead_letters":{{"template":{value}}}}}"#
        )
    };
    let document = read("policy.json", &manifest(""));
    assert!(
        document.contains(r#""template":["😀 / é","a\tb",1E5,-0,{"":[]}]"#),
        "{document}"
    );
    assert!(document.contains(r#""name":"shop 😀""#), "{document}");
    for space in ["\n\t", " \r\n\t\t"] {
        assert_eq!(read("policy.json", &manifest(space)), document);
    }
}
