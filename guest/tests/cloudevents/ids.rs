//! What an event is claimed by, and ids and keys that are made of members.

use serde_json::json;
use tidegate_policy::{Bundle, Code, File, Policy};

use crate::given::{manifest, placed, process};

/// Order 42 and payment 42, and id 1 of two sources, are four events; the same event twice is one.
#[test]
fn a_claim_names_the_scope_of_its_id() {
    let claim = |scope: Option<&str>, data: &str, members: &serde_json::Value| {
        let mut manifest = manifest();
        manifest["id_scope"] = json!(scope);
        if scope.is_none() {
            manifest.as_object_mut().expect("an object").shift_remove("id_scope");
        }
        process(&manifest, data, members).claim.expect("a claim")
    };
    let bare =
        |event_type: &str| format!(r#"{{"id":42,"type":"{event_type}","customerId":"c","data":{{"amount":1}}}}"#);
    let sent = |source: &str| placed(&json!({"id": "1", "source": source}));
    let data = r#"{"amount":1}"#;
    for (scope, data, members, expected) in [
        (None, &*bare("order.placed"), json!({}), "type:order.placed:42"),
        (None, &*bare("order.paid"), json!({}), "type:order.paid:42"),
        (None, data, sent("/shop"), "source:/shop:1"),
        (
            None,
            data,
            sent("https://a.example:80/x"),
            "source:https%3A//a.example%3A80/x:1",
        ),
        (Some("type"), data, sent("/shop"), "type:order.placed:1"),
        (Some("source"), data, sent("/shop"), "source:/shop:1"),
        (Some("source"), &*bare("order.paid"), json!({}), "type:order.paid:42"),
        (Some("global"), data, sent("/shop"), "1"),
    ] {
        assert_eq!(claim(scope, data, &members), expected, "{scope:?} {members}");
    }
}

#[test]
fn an_id_can_be_made_of_members() {
    let mut manifest = manifest();
    manifest["envelope"]["id"] = json!({ "of": ["/data/order", "/data/at"] });
    manifest["cloudevents"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("id");
    manifest["event_types"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("order.placed");
    let schema = r#"{ "examples": [{ "type": "order.paid", "customerId": "c", "data": { "order": 1, "at": "x" } }] }"#;
    let bundle = |manifest: &serde_json::Value| {
        let files = [("policy.json", manifest.to_string()), ("paid.json", schema.to_owned())];
        let files = files.map(|(name, text)| File {
            name: name.into(),
            text: text.into(),
        });
        Policy::new(&Bundle::from_files(files.into()).expect("a bundle"), Code::default())
    };
    let policy = bundle(&manifest).expect("a policy");
    let id = |data: &str| {
        let event = format!(r#"{{"type":"order.paid","customerId":"c","data":{data}}}"#);
        policy.validate(event.as_bytes(), &[]).map(|accepted| accepted.event_id)
    };
    let one = id(r#"{"order":1,"at":"x"}"#).expect("valid");
    assert_eq!(id(r#"{"at":"x","order":1,"more":[]}"#).expect("valid"), one);
    assert_ne!(
        id(r#"{"order":"1","at":"x"}"#).expect("valid"),
        one,
        "a text is no number"
    );
    let missing = id(r#"{"order":1}"#).expect_err("no id");
    assert_eq!(
        (&*missing.violations[0].code, &*missing.violations[0].path),
        ("required", "/data/at")
    );

    manifest["envelope"]["key"] = json!({ "of": ["/customerId", "/data/order"] });
    let keyed = bundle(&manifest)
        .expect_err("an attribute cannot stand for several members")
        .to_string();
    assert_eq!(
        keyed,
        "cloudevents: key is an attribute, and the envelope has no place for it"
    );
    manifest["cloudevents"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("key");
    let keyed = bundle(&manifest).expect("a policy");
    let event = r#"{"type":"order.paid","customerId":"a:b%","data":{"order":1,"at":"x"}}"#;
    let accepted = keyed.validate(event.as_bytes(), &[]).expect("valid");
    assert_eq!(
        accepted.key.as_deref(),
        Some("a%3Ab%25:1"),
        "no two lists of texts make one key"
    );

    manifest["envelope"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("id");
    manifest["idempotency"] = json!("off");
    let policy = bundle(&manifest).expect("a policy");
    let event = r#"{"type":"order.paid","customerId":"c","data":{"order":1,"at":"x"}}"#;
    let accepted = policy.validate(event.as_bytes(), &[]).expect("valid");
    assert_eq!(accepted.claim, None);
    assert!(!accepted.event_id.is_empty());
}
