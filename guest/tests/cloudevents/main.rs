//! Events with CloudEvents attributes: the policy judges the document, and the event leaves in the form in which it came.

mod given;
mod ids;
mod versions;

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_policy::{Bundle, Code, Context, File, Policy};

use crate::given::{attributes, leaves, manifest, placed, policy, process};

#[test]
fn an_event_in_attributes_is_judged_as_its_document_and_leaves_in_attributes() {
    let decided = process(&manifest(), r#"{"amount":1.10, "x":{}}"#, &placed(&json!({})));
    assert_eq!(
        (
            decided.claim.as_deref(),
            decided.key.as_deref(),
            decided.event_version.as_deref()
        ),
        (Some("source:/shop:o-1"), Some("c-1"), Some("1"))
    );
    assert_eq!(
        leaves(&decided),
        (Some(r#"{"total":1.10,"x":{}}"#), vec![("dataversion", Some("2"))])
    );
}

#[test]
fn an_event_that_needs_no_change_leaves_byte_for_byte() {
    let stated = placed(&json!({"dataversion": "2"}));
    assert_eq!(
        leaves(&process(&manifest(), r#" {"total" : 1E5} "#, &stated)),
        (None, vec![])
    );
    let paid = placed(&json!({"type": "order.paid"}));
    assert_eq!(
        leaves(&process(&manifest(), "[ 1 ]", &paid)),
        (None, vec![]),
        "the data may be anything"
    );
}

#[test]
fn a_time_that_is_absent_becomes_an_attribute_and_the_data_stays() {
    let paid = placed(&json!({"type": "order.paid", "time": null}));
    let changes = vec![("time", Some("2026-03-02T17:00:00Z"))];
    assert_eq!(leaves(&process(&manifest(), "[ 1 ]", &paid)), (None, changes));
}

#[test]
fn a_bare_event_is_the_document() {
    let bare = r#"{"id":42,"type":"order.placed","customerId":7,"schemaVersion":1,"data":{"amount":1}}"#;
    for members in [json!({}), json!({"tenant": "t-1"})] {
        let decided = process(&manifest(), bare, &members);
        assert_eq!(
            (decided.claim.as_deref(), decided.key.as_deref()),
            (Some("type:order.placed:42"), Some("7")),
            "{decided:?}"
        );
        let leaves = leaves(&decided);
        assert_eq!(leaves.1, []);
        assert_eq!(
            leaves.0,
            Some(
                r#"{"id":42,"type":"order.placed","customerId":7,"occurredAt":"2026-03-02T17:00:00Z","schemaVersion":2,"data":{"total":1}}"#
            ),
            "a version that was an integer stays one"
        );
    }
}

/// Where the data is the whole document, attributes fill what it leaves out.
#[test]
fn a_member_comes_first_and_then_an_attribute() {
    let mut manifest = manifest();
    manifest["cloudevents"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("payload");
    let data = r#"{"id":"o-1","type":"order.paid","occurredAt":"2026-03-01T09:30:00Z","data":[]}"#;
    let members = json!({"id": "o-1", "type": "order.paid", "subject": "c-1", "time": "2026-03-01T10:30:00.0+01:00"});
    let decided = process(&manifest, data, &members);
    assert_eq!(decided.key.as_deref(), Some("c-1"));
    assert_eq!(
        decided.claim.as_deref(),
        Some("type:order.paid:o-1"),
        "the id is a member"
    );
    assert_eq!(leaves(&decided), (None, vec![]));
}

#[rstest]
#[case::id(json!({"id": "o-2"}), "/id")]
#[case::kind(json!({"type": "order.placed"}), "/type")]
#[case::time(json!({"time": "2026-03-01T09:30:01Z"}), "/occurredAt")]
fn a_member_and_an_attribute_that_differ_are_ambiguous(#[case] members: Value, #[case] path: &str) {
    let mut manifest = manifest();
    manifest["cloudevents"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("payload");
    let data = r#"{"id":"o-1","type":"order.paid","customerId":"c-1","occurredAt":"2026-03-01T09:30:00Z","data":[]}"#;
    let decided = process(&manifest, data, &members);
    let [violation] = &decided.violations[..] else {
        panic!("{decided:?}")
    };
    assert_eq!((&*violation.code, &*violation.path), ("ambiguous", path));
}

#[rstest]
#[case::not_json("{", json!({}), "not-json", "/data")]
#[case::twice(r#"{"a":{"b":1,"b":2}}"#, json!({}), "duplicate-member", "/data/a/b")]
#[case::schema("{}", json!({}), "required", "/data/amount")]
#[case::no_key(r#"{"amount":1}"#, json!({"subject": null}), "required", "/customerId")]
#[case::no_such_version(r#"{"amount":1}"#, json!({"dataversion": "3"}), "unknown-version", "/schemaVersion")]
#[case::no_such_type(r#"{"amount":1}"#, json!({"type": "order.lost"}), "unknown-event-type", "/type")]
#[case::empty_id(r#"{"amount":1}"#, json!({"id": ""}), "min-length", "/id")]
fn what_is_wrong_is_said_of_the_document(
    #[case] data: &str,
    #[case] more: Value,
    #[case] code: &str,
    #[case] path: &str,
) {
    let decided = process(&manifest(), data, &placed(&more));
    let first = decided.violations.first().expect("a violation");
    assert_eq!((&*first.code, &*first.path), (code, path), "{decided:?}");
    assert_eq!(decided.outputs.len(), 0);
}

#[test]
fn a_depth_is_that_of_the_document() {
    let deep = |depth: usize| format!(r#"{{"amount":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let decided = process(&manifest(), &deep(126), &placed(&json!({})));
    assert_eq!(decided.violations, []);
    let decided = process(&manifest(), &deep(127), &placed(&json!({})));
    assert_eq!(decided.violations[0].code, "too-deep");
}

#[test]
fn a_publisher_leaves_out_the_id_and_the_time() {
    let policy = policy(&manifest()).expect("a policy");
    let (id, now) = ("0192d5f1-0000-7000-8000-000000000001", "2026-03-02T17:00:00Z");
    let members = placed(&json!({"id": null, "time": null}));
    let composed = policy.compose(br#"{ "amount": 1 }"#, &attributes(&members), id, now);
    let composed = composed.expect("valid");
    assert_eq!((&*composed.event_id, composed.event), (id, None), "the data stays");
    let changes: Vec<_> = composed
        .attributes
        .iter()
        .map(|change| (&*change.name, change.value.as_deref()))
        .collect();
    assert_eq!(changes, [("id", Some(id)), ("time", Some(now))]);

    let bare = br#"{"type":"order.placed","customerId":"c","data":{"amount":1}}"#;
    let composed = policy.compose(bare, &[], id, now).expect("valid");
    let text =
        format!(r#"{{"type":"order.placed","id":"{id}","customerId":"c","occurredAt":"{now}","data":{{"amount":1}}}}"#);
    assert_eq!(composed.event.as_deref(), Some(&*text));
    let complete = policy.compose(text.as_bytes(), &[], "another", now).expect("valid");
    assert_eq!((&*complete.event_id, complete.event), (id, None));
}

/// Its names are what a dead letter is listed by.
#[test]
fn an_event_that_cannot_be_read_has_the_names_that_its_attributes_state() {
    let decided = process(&manifest(), r#"{"a":1,"a":2}"#, &placed(&json!({})));
    assert_eq!(decided.violations[0].code, "duplicate-member");
    let names = (
        decided.event_id.as_deref(),
        decided.event_type.as_deref(),
        decided.key.as_deref(),
    );
    assert_eq!(names, (Some("o-1"), Some("order.placed"), Some("c-1")));
    assert_eq!(decided.claim.as_deref(), Some("source:/shop:o-1"));
}

#[test]
fn an_attribute_that_is_laid_in_an_object_leaves_no_object_behind() {
    let mut manifest = manifest();
    manifest["envelope"]["id"] = json!("/meta/more/id");
    manifest["cloudevents"] = json!({ "id": "id" });
    manifest["event_types"] = json!({ "order.paid": { "channel": "orders", "versions": { "1": "paid.json" } } });
    let files = [
        ("policy.json", manifest.to_string()),
        (
            "paid.json",
            r#"{ "examples": [{ "meta": { "more": { "id": "1" } }, "type": "order.paid", "customerId": "c" }] }"#
                .to_owned(),
        ),
    ];
    let (policy, context) = made_of(files);
    let id = attributes(&json!({"id": "o-1"}));
    for (event, expected) in [
        (
            r#"{"type":"order.paid","customerId":"c"}"#,
            r#"{"type":"order.paid","customerId":"c","occurredAt":"2026-03-02T17:00:00Z"}"#,
        ),
        (
            r#"{"meta":{"x":1},"type":"order.paid","customerId":"c"}"#,
            r#"{"meta":{"x":1},"type":"order.paid","customerId":"c","occurredAt":"2026-03-02T17:00:00Z"}"#,
        ),
    ] {
        let decided = policy.process(event.as_bytes(), &id, &context);
        assert_eq!(leaves(&decided), (Some(expected), vec![]));
    }
}

/// The policy of some files, and when it is asked.
fn made_of<const N: usize>(files: [(&'static str, String); N]) -> (Policy, Context) {
    let files = files.map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    let bundle = Bundle::from_files(files.into()).expect("a bundle");
    let context = Context {
        now: "2026-03-02T17:00:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    };
    (Policy::new(&bundle, Code::default()).expect("a policy"), context)
}

/// A member that a migration adds outside of the payload, for which no attribute stands.
#[rstest]
#[case::a_text("/note", json!("x"), "/note")]
#[case::null("/note", json!(null), "/note")]
#[case::no_members("/note", json!({}), "/note")]
#[case::no_members_inside("/note", json!({ "a": { "b": {} } }), "/note/a/b")]
#[case::beside_an_attribute("/meta/note", json!({}), "/meta/note")]
fn what_has_no_place_in_an_event_with_attributes_is_refused_by_name(
    #[case] at: &str,
    #[case] value: Value,
    #[case] path: &str,
) {
    let mut manifest = manifest();
    manifest["envelope"]["time"] = json!("/meta/at");
    let added = json!({ "add": { "at": at, "value": value, "lossy": true } });
    let operations = manifest.pointer_mut("/event_types/order.placed/migrations/0/do");
    operations.and_then(Value::as_array_mut).expect("a list").push(added);
    let decided = process(&manifest, r#"{"amount":1}"#, &placed(&json!({})));
    let [violation] = &decided.violations[..] else {
        panic!("{decided:?}")
    };
    assert_eq!((&*violation.code, &*violation.path), ("migration-failed", path));
}

#[test]
fn the_objects_around_attributes_and_payload_are_no_members() {
    let mut manifest = manifest();
    let envelope = json!({
        "id": "/meta/id", "type": "/type", "version": "/meta/more/v", "key": "/type", "time": "/meta/at", "payload": "/body/data"
    });
    manifest["envelope"] = envelope;
    manifest["event_types"] = json!({ "order.paid": { "channel": "orders", "versions": { "1": "paid.json" } } });
    manifest["cloudevents"]
        .as_object_mut()
        .expect("an object")
        .shift_remove("key");
    let paid = r#"{ "examples": [{ "meta": { "id": "1" }, "type": "order.paid" }] }"#;
    let files = [("policy.json", manifest.to_string()), ("paid.json", paid.to_owned())];
    let (policy, context) = made_of(files);
    let members = json!({"id": "o-1", "type": "order.paid"});
    let decided = policy.process(b"[1]", &attributes(&members), &context);
    assert_eq!(leaves(&decided), (None, vec![("time", Some("2026-03-02T17:00:00Z"))]));
}

#[rstest]
#[case::no_place(&["/envelope/key"], "cloudevents: key is an attribute, and the envelope has no place for it")]
#[case::no_payload(&["/envelope/payload"], PAYLOAD)]
#[case::no_type(&["/cloudevents/type"], PAYLOAD)]
#[case::no_version(
    &["/cloudevents/version"],
    "cloudevents: the version stands outside of the payload, and no attribute states it: name one, or a place in the payload"
)]
#[case::no_time(
    &["/cloudevents/time"],
    "cloudevents: the time stands outside of the payload, and no attribute states it: name one, or a place in the payload"
)]
#[case::no_id(
    &["/envelope/id", "/cloudevents/id"],
    "envelope: no `id`: name its place, or the members of which it is made, or set `idempotency: off`"
)]
fn a_mapping_that_makes_no_sense_is_refused(#[case] left_out: &[&str], #[case] problem: &str) {
    let mut manifest = manifest();
    for pointer in left_out {
        let (object, name) = pointer.rsplit_once('/').expect("a pointer");
        let object = manifest.pointer_mut(object).and_then(Value::as_object_mut);
        object.expect("an object").shift_remove(name);
    }
    assert_eq!(policy(&manifest).expect_err("no policy").to_string(), problem);
}

#[test]
fn one_place_has_one_attribute() {
    let mut manifest = manifest();
    manifest["envelope"]["key"] = json!("/id");
    let problem = "cloudevents: id and subject both stand for /id, and only one of them could be read: keep one, or give the key a place of its own";
    assert_eq!(policy(&manifest).expect_err("no policy").to_string(), problem);
    manifest["cloudevents"]["key"] = json!("id");
    policy(&manifest).expect("a policy");
}

const PAYLOAD: &str = "cloudevents: the data stands at the payload, so name the attribute of the `type`, and the place of the envelope's `payload`";
