//! The operations of migrations that are data: what each does, that it can be undone, and what it refuses. The cases are data: a file
//! for each operation, read by [`cases`].

mod cases;
mod law;
mod support;

use rstest::rstest;
use support::{policy, policy_of};

#[rstest]
#[case::not_said(
    r#"[{ "add": { "at": "/a", "value": 1 } }]"#,
    "/a: say what becomes of any other value"
)]
#[case::said_twice(
    r#"[{ "add": { "at": "/a", "value": 1, "otherwise": "reject", "lossy": true } }]"#,
    "contradict each other"
)]
#[case::nothing_to_add_back(r#"[{ "remove": { "at": "/a" } }]"#, "give the `value` that is removed")]
#[case::not_said_either(r#"[{ "remove": { "at": "/a", "value": 1 } }]"#, "/a: say what becomes")]
#[case::after_another_object(
    r#"[{ "add": { "at": "/a", "value": 1, "after": "/d/b", "lossy": true } }]"#,
    "`after: /d/b` is not in the same object as /a"
)]
#[case::after_itself(
    r#"[{ "remove": { "at": "/a", "value": 1, "after": "/a", "lossy": true } }]"#,
    "`after: /a` is not in the same object as /a"
)]
#[case::inside(
    r#"[{ "move": { "from": "/a", "to": "/a/b" } }]"#,
    "/a and /a/b cannot hold the same member"
)]
#[case::a_move_that_renames(r#"[{ "move": { "from": "/a", "to": "/b" } }]"#, "/a and /b are in one object")]
#[case::a_rename_that_moves(
    r#"[{ "rename": { "from": "/a", "to": "/d/a" } }]"#,
    "/a and /d/a are in two objects"
)]
#[case::a_rename_after(
    r#"[{ "rename": { "from": "/a", "to": "/b", "after": "/c" } }]"#,
    "keeps the position of its member"
)]
#[case::twice(
    r#"[{ "map": { "at": "/s", "values": { "a": "c", "b": "c" } } }]"#,
    r#"two values become "c""#
)]
#[case::no_conversion(
    r#"[{ "convert": { "at": "/n", "from": "number", "to": "integer" } }]"#,
    "no such conversion"
)]
#[case::no_form(
    r#"[{ "convert": { "at": "/n", "from": "float", "to": "integer" } }]"#,
    "unknown variant `float`"
)]
#[case::no_operation(
    r#"[{ "rename_all": { "from": "/a", "to": "/b" } }]"#,
    "unknown variant `rename_all`"
)]
#[case::no_field(r#"[{ "add": { "at": "/a" } }]"#, "missing field `value`")]
fn an_operation_that_makes_no_sense_is_refused(#[case] operations: &str, #[case] problem: &str) {
    let error = policy(operations).expect_err("no policy");
    let cause = std::error::Error::source(&error)
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(cause.contains(problem), "{error}: {cause}");
}

const TO_2: &str = r#"{ "from": "1", "to": "2", "do": [{ "add": { "at": "/x", "value": 2, "lossy": true } }] }"#;

#[test]
fn a_migration_is_written_once_for_several_types() {
    let policy = policy_of("", TO_2).expect("a policy");
    let up = policy
        .migrate(br#"{"id":"i","type":"t","v":"1"}"#, &[], "2")
        .expect("up");
    assert_eq!(up.event.as_deref(), Some(r#"{"id":"i","type":"t","v":"2","x":2}"#));
}

#[test]
fn a_migration_of_the_type_goes_before_one_for_several() {
    let own = r#"{ "from": "2", "to": "1", "do": [{ "remove": { "at": "/x", "value": "own", "lossy": true } }] }"#;
    let policy = policy_of(own, TO_2).expect("a policy");
    let up = policy
        .migrate(br#"{"id":"i","type":"t","v":"1"}"#, &[], "2")
        .expect("up");
    assert_eq!(up.event.as_deref(), Some(r#"{"id":"i","type":"t","v":"2","x":"own"}"#));
}

#[rstest]
#[case::an_unknown_type(
    r#"{ "event_types": ["lost"], "from": "1", "to": "2", "do": [] }"#,
    "migrations: from 1 to 2: there is no event type lost"
)]
#[case::an_unknown_version(
    r#"{ "event_types": ["t"], "from": "1", "to": "9", "do": [] }"#,
    "migrations: from 1 to 9: t has not both versions"
)]
#[case::for_no_type(
    r#"{ "from": "8", "to": "9", "do": [] }"#,
    "migrations: from 8 to 9: no event type has both versions"
)]
#[case::for_none(
    r#"{ "event_types": [], "from": "1", "to": "2", "do": [] }"#,
    "migrations: from 1 to 2: it is for no event type: leave `event_types` out, and it is for all"
)]
#[case::twice(
    r#"{ "from": "1", "to": "2", "do": [] }, { "from": "2", "to": "1", "do": [] }"#,
    "a migration of t: there are two between 2 and 1: keep one, which leads both ways"
)]
fn a_migration_for_several_types_that_makes_no_sense_is_refused(#[case] shared: &str, #[case] problem: &str) {
    let error = policy_of("", shared).expect_err("no policy");
    assert_eq!(error.to_string(), problem);
}
