//! The operations of migrations that are data: what each does, that it can be undone, and what it refuses.

use rstest::rstest;
use tidegate_policy::{Bundle, Code, Policy, PolicyError};

/// A policy with two versions of a type, and these operations between them.
fn policy(operations: &str) -> Result<Policy, PolicyError> {
    let manifest = format!(
        r#"{{ "name": "p", "version": "1", "envelope": {{ "id": "/id", "type": "/type", "version": "/v", "key": "/id" }},
              "event_types": {{ "t": {{ "channel": "c", "versions": {{ "1": "1.json", "2": "2.json" }}, "default_version": "1",
                "migrations": [{{ "from": "1", "to": "2", "do": {operations} }}] }} }} }}"#
    );
    let example = |version: u8| format!(r#"{{ "examples": [{{ "id": "i", "type": "t", "v": "{version}" }}] }}"#);
    let document = format!(
        r#"{{ "manifest": {manifest}, "files": [{{ "name": "1.json", "text": {:?} }}, {{ "name": "2.json", "text": {:?} }}] }}"#,
        example(1),
        example(2)
    );
    Policy::new(&Bundle::from_document(&document)?, Code::default())
}

/// An event of a version with these other members.
fn event(version: u8, members: &str) -> String {
    let separator = if members.is_empty() { "" } else { "," };
    format!(r#"{{"id":"i","type":"t","v":"{version}"{separator}{members}}}"#)
}

/// Migrates, and gives the text or the path and the reason.
fn migrate(policy: &Policy, event: &str, to: &str) -> Result<String, String> {
    let migrated = policy.migrate(event.as_bytes(), &[], to);
    let text = migrated.map(|migrated| migrated.event.expect("a new text"));
    text.map_err(|failure| {
        let violation = &failure.violations[0];
        let reason = violation
            .message
            .rsplit_once(": ")
            .map_or(&*violation.message, |(before, _)| {
                before.rsplit_once(": ").map_or(before, |(_, reason)| reason)
            });
        format!("{} {reason}", violation.path)
    })
}

const MONEY: &str = r#"[{ "convert": { "at": "/n", "from": "number", "to": "decimal-string" } }]"#;
const COUNT: &str = r#"[{ "convert": { "at": "/n", "from": "integer", "to": "integer-string" } }]"#;
const FLAG: &str = r#"[{ "convert": { "at": "/n", "from": "boolean-string", "to": "boolean" } }]"#;
const ADD: &str = r#"[{ "add": { "at": "/d/c", "value": "EUR" } }]"#;
const REMOVE: &str = r#"[{ "remove": { "at": "/c", "value": "EUR" } }]"#;
const RENAME: &str = r#"[{ "rename": { "from": "/a~1b", "to": "/c" } }]"#;
const MOVE: &str = r#"[{ "move": { "from": "/a", "to": "/d/a" } }]"#;
const SET: &str = r#"[{ "set": { "at": "/s", "from": 1, "to": [1, "x"] } }]"#;
const MAP: &str = r#"[{ "map": { "at": "/s", "values": { "open": "placed", "done": "shipped" } } }]"#;
const MAP_KEEP: &str = r#"[{ "map": { "at": "/s", "values": { "open": "placed" }, "others": "keep" } }]"#;
const WRAP: &str = r#"[{ "wrap": { "at": "/a", "name": "amount" } }]"#;
const UNWRAP: &str = r#"[{ "unwrap": { "at": "/a", "name": "amount" } }]"#;
const EACH: &str = r#"[{ "each": { "at": "/l", "do": [{ "rename": { "from": "/quantity", "to": "/qty" } }] } }]"#;
const NESTED: &str = r#"[{ "nested": { "at": "/d", "do": [{ "add": { "at": "/x", "value": null } }, { "rename": { "from": "/a", "to": "/b" } }] } }]"#;

/// Up, and back to the same text: digits, order and members that nobody names stay.
#[rstest]
#[case::digits(MONEY, r#""n":1.10,"z":1E5"#, r#""n":"1.10","z":1E5"#)]
#[case::minus_zero(MONEY, r#""n":-0"#, r#""n":"-0""#)]
#[case::forty_digits(
    COUNT,
    r#""n":1234567890123456789012345678901234567890"#,
    r#""n":"1234567890123456789012345678901234567890""#
)]
#[case::absent(MONEY, r#""m":[]"#, r#""m":[]"#)]
#[case::a_flag(FLAG, r#""n":"false""#, r#""n":false"#)]
#[case::added(ADD, r#""d":{"a":[]},"z":0"#, r#""d":{"a":[],"c":"EUR"},"z":0"#)]
#[case::nowhere_to_add(ADD, r#""z":0"#, r#""z":0"#)]
#[case::removed(REMOVE, r#""a":1,"c":"EUR""#, r#""a":1"#)]
#[case::renamed(RENAME, r#""x":1,"a/b":{"a~b":1E5},"y":2"#, r#""x":1,"c":{"a~b":1E5},"y":2"#)]
#[case::nothing_to_rename(RENAME, r#""x":1"#, r#""x":1"#)]
#[case::moved(MOVE, r#""d":{"z":1},"a":-0"#, r#""d":{"z":1,"a":-0}"#)]
#[case::set(SET, r#""s":1"#, r#""s":[1,"x"]"#)]
#[case::mapped(MAP, r#""s":"done""#, r#""s":"shipped""#)]
#[case::kept(MAP_KEEP, r#""s":"other""#, r#""s":"other""#)]
#[case::wrapped(WRAP, r#""a":[]"#, r#""a":{"amount":[]}"#)]
#[case::unwrapped(UNWRAP, r#""a":{"amount":1.10}"#, r#""a":1.10"#)]
#[case::each(
    EACH,
    r#""l":[{"quantity":1,"s":"a"},{},{"s":"b","quantity":2}]"#,
    r#""l":[{"qty":1,"s":"a"},{},{"s":"b","qty":2}]"#
)]
#[case::no_items(EACH, r#""l":[]"#, r#""l":[]"#)]
#[case::nested(NESTED, r#""d":{"a":1,"z":2}"#, r#""d":{"b":1,"z":2,"x":null}"#)]
fn what_goes_up_comes_back(#[case] operations: &str, #[case] older: &str, #[case] newer: &str) {
    let policy = policy(operations).expect("a policy");
    let up = migrate(&policy, &event(1, older), "2").expect("up");
    assert_eq!(up, event(2, newer));
    let down = migrate(&policy, &up, "1").expect("down");
    assert_eq!(down, event(1, older));
}

#[rstest]
#[case::an_exponent(MONEY, 1, r#""n":1E5"#, "/n not-convertible")]
#[case::no_number(MONEY, 1, r#""n":"1.10""#, "/n not-convertible")]
#[case::no_digits(MONEY, 2, r#""n":"+1""#, "/n not-convertible")]
#[case::leading_zeros(COUNT, 2, r#""n":"007""#, "/n not-convertible")]
#[case::a_fraction(COUNT, 1, r#""n":1.0"#, "/n not-convertible")]
#[case::no_flag(FLAG, 1, r#""n":"yes""#, "/n not-convertible")]
#[case::there_already(ADD, 1, r#""d":{"c":"USD"}"#, "/d/c member-exists")]
#[case::the_same_already(ADD, 1, r#""d":{"c":"EUR"}"#, "/d/c member-exists")]
#[case::another_value(ADD, 2, r#""d":{"c":"USD"}"#, "/d/c value-differs")]
#[case::other_to_remove(REMOVE, 1, r#""c":"USD""#, "/c value-differs")]
#[case::back_in_the_way(REMOVE, 2, r#""c":"USD""#, "/c member-exists")]
#[case::in_the_way(RENAME, 1, r#""a/b":1,"c":2"#, "/c member-exists")]
#[case::a_stranger(RENAME, 1, r#""c":2"#, "/c member-exists")]
#[case::no_object(MOVE, 1, r#""a":1"#, "/d/a no-object")]
#[case::something_else(SET, 1, r#""s":2"#, "/s value-differs")]
#[case::unmapped(MAP, 1, r#""s":"lost""#, "/s unmapped")]
#[case::a_value_of_the_other_side(MAP_KEEP, 1, r#""s":"placed""#, "/s unmapped")]
#[case::no_text(MAP, 1, r#""s":1"#, "/s not-a-string")]
#[case::not_alone(WRAP, 2, r#""a":{"amount":1,"more":2}"#, "/a not-alone")]
#[case::in_an_item(EACH, 1, r#""l":[{},{"quantity":1,"qty":2}]"#, "/l/1/qty member-exists")]
fn what_could_not_come_back_is_refused(
    #[case] operations: &str,
    #[case] version: u8,
    #[case] members: &str,
    #[case] reason: &str,
) {
    let policy = policy(operations).expect("a policy");
    let to = if version == 1 { "2" } else { "1" };
    let refused = migrate(&policy, &event(version, members), to).expect_err("refused");
    assert_eq!(refused, reason);
}

#[test]
fn what_may_be_lost_is_said_by_its_author() {
    let lossy = policy(
        r#"[{ "add": { "at": "/c", "value": "EUR", "existing": "keep", "lossy": true } }, { "remove": { "at": "/old", "lossy": true } }]"#,
    );
    let lossy = lossy.expect("a policy");
    let up = migrate(&lossy, &event(1, r#""c":"USD","old":1"#), "2").expect("up");
    assert_eq!(up, event(2, r#""c":"USD""#));
    assert_eq!(migrate(&lossy, &up, "1").expect("down"), event(1, ""));
}

#[rstest]
#[case::remove(r#"[{ "remove": { "at": "/a" } }]"#, "give the `value` that is removed")]
#[case::inside(
    r#"[{ "move": { "from": "/a", "to": "/a/b" } }]"#,
    "/a and /a/b cannot hold the same member"
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
