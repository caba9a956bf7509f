//! Events and JSON values at random.

use proptest::prelude::*;
use serde_json::Value;
use tidegate_policy::Policy;

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
pub(crate) fn json() -> impl Strategy<Value = String> {
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
pub(crate) fn event() -> impl Strategy<Value = String> {
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
