//! What must hold for any input: nothing panics, up and down again is the identity, whatever is forwarded is valid, digits
//! and order survive.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use support::{check, context};
use tidegate_policy::{Outcome, Policy};

/// The types that the policy takes in.
fn event_types() -> Vec<String> {
    let types = Policy::builtin().catalog().event_types.into_iter();
    types.filter(|known| known.accepted).map(|known| known.name).collect()
}

/// A JSON number as text, with forms that a reader likes to rewrite.
fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?"
}

/// A JSON integer as text.
fn integer() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,40})(\\.0{1,3})?"
}

/// Any JSON value as compact text.
fn json() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| Value::String(text).to_string());
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), number(), text];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            members(inner, 5).prop_map(|members| format!("{{{members}}}")),
        ]
    })
}

/// Members with different names, as text without the braces. The names are none that the schemas know.
fn members(value: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    prop::collection::btree_map("[^ -~]{0,3}|x[a-z\"\\\\/~]{0,5}", value, 0..most).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::String(name.clone())))
            .collect();
        members.join(",")
    })
}

/// A valid event of version 1.0 that names its version, as compact text.
fn event() -> impl Strategy<Value = String> {
    let payload = members(json(), 6);
    let extra = members(json(), 4);
    let id = ".{1,12}";
    let user = "[a-zé🌱\"]{1,12}";
    (prop::sample::select(event_types()), id, integer(), user, payload, extra, any::<bool>()).prop_map(|(event_type, id, task, user, payload, extra, first)| {
        let (id, user) = (Value::String(id), Value::String(user));
        let core = format!(
            r#""event_id":{id},"event_type":"{event_type}","event_version":"1.0","task_id":{task},"user_id":{user},"timestamp":"2026-01-31T10:00:00Z","payload":{{{payload}}}"#
        );
        match (extra.is_empty(), first) {
            (true, _) => format!("{{{core}}}"),
            (false, true) => format!("{{{extra},{core}}}"),
            (false, false) => format!("{{{core},{extra}}}"),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn no_json_panics(text in json()) {
        check(text.as_bytes());
    }

    #[test]
    fn no_damaged_event_panics(text in event(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check(&bytes);
        bytes.truncate(at);
        check(&bytes);
    }

    #[test]
    fn valid_events_keep_every_promise(text in event()) {
        prop_assert!(Policy::builtin().validate(text.as_bytes()).is_ok());
        check(text.as_bytes());
    }

    /// Byte for byte: so numbers keep their digits, members their order, and unknown ones stay.
    #[test]
    fn up_and_down_again_is_the_identity(text in event()) {
        let policy = Policy::builtin();
        let canonical = policy.process(text.as_bytes(), &context(None)).expect("usable").outputs[0].event.clone();
        let up = policy.migrate(text.as_bytes(), "1.1").expect("a way up").event.expect("a new text");
        prop_assert_eq!(Some(&up), canonical.as_ref());
        let down = policy.migrate(up.as_bytes(), "1.0").expect("a way down").event.expect("a new text");
        prop_assert_eq!(down, text);
    }

    #[test]
    fn an_event_that_needs_no_change_is_not_rewritten(text in event()) {
        let verdict = Policy::builtin().process(text.as_bytes(), &context(Some("1.0"))).expect("usable");
        prop_assert_eq!(verdict.outcome, Outcome::Forward);
        prop_assert_eq!(verdict.outputs[0].event.as_ref(), None);
    }

    #[test]
    fn the_same_call_gives_the_same_answer(text in event()) {
        let policy = Policy::builtin();
        let again = Policy::new(&tidegate_policy::Bundle::builtin(), tidegate_policy::Code::builtin()).expect("a policy");
        prop_assert_eq!(policy.process(text.as_bytes(), &context(None)), again.process(text.as_bytes(), &context(None)));
    }
}
