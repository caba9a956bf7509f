//! Events that follow from others, as a manifest says it.

use rstest::rstest;
use serde_json::{Value, json};
use tidegate_policy::{Bundle, Code, Context, Decided, Decision, File, Output, Policy, PolicyError};

const NOW: &str = "2026-02-01T00:00:00Z";

/// A policy in which `done` emits this; `due` must have a text in `/lift`.
fn policy(emits: &Value) -> Result<Policy, PolicyError> {
    policy_of(emits, &json!([]))
}

/// The same, and `due` emits something too.
fn policy_of(emits: &Value, of_due: &Value) -> Result<Policy, PolicyError> {
    let manifest = json!({
        "name": "lifts", "version": "1",
        "envelope": { "id": "/id", "type": "/type", "version": "/v", "key": "/lift", "time": "/at" },
        "event_types": {
            "done": { "channel": "out", "versions": { "1": "done.json" }, "emits": emits },
            "due": { "channel": "out", "versions": { "1": "due.json" }, "emits": of_due },
            "lost": { "versions": { "1": "lost.json" } }
        }
    });
    let schema = |name: &str| {
        json!({
            "properties": { "lift": { "type": "string" } },
            "examples": [{ "id": "1", "type": name, "lift": "L", "at": "2026-01-01T00:00:00Z" }]
        })
    };
    let files = ["done", "due", "lost"].map(|name| (format!("{name}.json"), schema(name).to_string()));
    let files = files
        .into_iter()
        .chain([("policy.json".to_owned(), manifest.to_string())]);
    let files = files.map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    // As it is stored: what a bundle writes, it reads.
    let stored = Bundle::from_files(files.collect())?.to_document()?;
    Policy::new(&Bundle::from_document(&stored)?, Code::default())
}

fn process(policy: &Policy, members: &str) -> Decided {
    process_at(policy, members, NOW)
}

fn process_at(policy: &Policy, members: &str, now: &str) -> Decided {
    let event = format!(r#"{{"type":"done",{members}}}"#);
    let context = Context {
        now: now.to_owned(),
        target_version: None,
        handed_back: false,
    };
    policy.process(event.as_bytes(), &[], &context)
}

/// The text of the second output, without its id.
fn emitted(policy: &Policy, members: &str) -> Option<String> {
    let decided = process(policy, members);
    assert_eq!(decided.decision, Decision::Forward, "{:?}", decided.violations);
    let output = decided.outputs.get(1)?;
    assert_eq!((&*output.channel, &*output.event_type), ("out", "due"));
    let text = output.event.as_deref().expect("a text");
    let id = format!(r#""id":"{}","#, output.id);
    assert!(text.contains(&id), "{text}");
    Some(text.replace(&id, ""))
}

const RECUR: &str = r#"{ "of": ["/lift"], "from": ["/due", "/at"], "pattern": "/every", "anchor": "/day",
    "patterns": { "d": "day", "m": "month" } }"#;

fn recurring() -> Policy {
    let recur: Value = serde_json::from_str(RECUR).expect("JSON");
    let copy = json!({
        "/lift": "/lift", "/due": { "recur": "next" }, "/last": { "recur": "previous" }, "/every": { "recur": "pattern" },
        "/day": { "recur": "anchor" }
    });
    policy(&json!([{ "type": "due", "copy": copy, "recur": recur }])).expect("a policy")
}

#[rstest]
#[case::members(json!({ "/lift": "/lift", "/a": "/x~1y/z" }), r#""x/y":{"z":1.10}"#, r#""lift":"L","at":"2026-01-31T09:00:00Z","a":1.10"#)]
#[case::the_first_that_is_there(json!({ "/lift": "/lift", "/a": ["/none", "/null", "/x"] }), r#""null":null,"x":[]"#, r#""lift":"L","at":"2026-01-31T09:00:00Z","a":[]"#)]
#[case::none_that_is_there(json!({ "/lift": "/lift", "/a": ["/none", "/null"] }), r#""null":null"#, r#""lift":"L","at":"2026-01-31T09:00:00Z""#)]
#[case::constants(json!({ "/lift": { "value": "all" }, "/a/b": { "value": null }, "/a/c": { "value": 1 } }), r#""x":0"#, r#""lift":"all","at":"2026-01-31T09:00:00Z","a":{"b":null,"c":1}"#)]
#[case::its_own_time(json!({ "/lift": "/lift", "/at": "/planned" }), r#""planned":"2026-09-01T00:00:00Z""#, r#""lift":"L","at":"2026-09-01T00:00:00Z""#)]
fn members_are_copied(#[case] copy: Value, #[case] members: &str, #[case] expected: &str) {
    let policy = policy(&json!([{ "type": "due", "copy": copy }])).expect("a policy");
    let members = format!(r#""id":"1","lift":"L","at":"2026-01-31T09:00:00Z",{members}"#);
    let expected = format!(r#"{{"type":"due","v":"1",{expected}}}"#);
    assert_eq!(emitted(&policy, &members), Some(expected));
}

#[test]
fn an_id_is_that_of_the_event_it_follows_from() {
    let policy = policy(&json!([{ "type": "due", "copy": { "/lift": "/lift" } }])).expect("a policy");
    let id = |members: &str| process(&policy, members).outputs[1].id.clone();
    let first = id(r#""id":"1","lift":"L","at":"2026-01-31T09:00:00Z""#);
    assert_eq!(first, id(r#""id":"1","lift":"L","at":"2026-01-31T10:00:00Z""#));
    assert_ne!(first, id(r#""id":"2","lift":"L","at":"2026-01-31T09:00:00Z""#));
}

#[test]
fn the_next_date_is_asked_for_with_its_anchor() {
    let month = r#""id":"1","lift":"L","every":"m","due":"2026-02-28T09:00:00Z","day":31,"at":"2026-02-01T09:00:00Z""#;
    let expected = r#"{"type":"due","v":"1","lift":"L","at":"2026-02-28T09:00:00Z","due":"2026-03-31T09:00:00Z","last":"2026-02-28T09:00:00Z","every":"m","day":31}"#;
    assert_eq!(emitted(&recurring(), month).as_deref(), Some(expected));
    let day = r#""id":"1","lift":"L","every":"d","at":"2026-02-01T09:00:00Z""#;
    let expected = r#"{"type":"due","v":"1","lift":"L","at":"2026-02-01T09:00:00Z","due":"2026-02-02T09:00:00Z","last":"2026-02-01T09:00:00Z","every":"d"}"#;
    assert_eq!(emitted(&recurring(), day).as_deref(), Some(expected));
}

#[rstest]
#[case::no_pattern(r#""at":"2026-02-01T09:00:00Z""#)]
#[case::null(r#""every":null"#)]
#[case::after_the_year_9999(r#""every":"d","due":"9999-12-31T00:00:00Z""#)]
fn nothing_follows(#[case] members: &str) {
    assert_eq!(
        emitted(&recurring(), &format!(r#""id":"1","lift":"L",{members}"#)),
        None
    );
}

#[test]
fn what_comes_twice_asks_for_one_date() {
    let policy = recurring();
    let output = |members: &str| process(&policy, members).outputs.remove(1);
    let first = output(r#""id":"1","lift":"L","every":"d","due":"2026-03-01T09:00:00Z","at":"2026-02-01T09:00:00Z""#);
    let second =
        output(r#""at":"2026-03-02T08:59:59Z","more":1,"due":"2026-03-01T09:00:00Z","every":"d","lift":"L","id":"2""#);
    assert_eq!(first, second);
    for other in [
        r#""id":"1","lift":"M","every":"d","due":"2026-03-01T09:00:00Z","at":"2026-02-01T09:00:00Z""#,
        r#""id":"1","lift":"L","every":"m","due":"2026-03-01T09:00:00Z","at":"2026-02-01T09:00:00Z""#,
        r#""id":"1","lift":"L","every":"d","due":"2026-03-02T09:00:00Z","at":"2026-02-01T09:00:00Z""#,
    ] {
        assert_ne!(output(other).id, first.id);
    }
}

/// A date of the schedule lies between the two: one occurrence under one id, of which the first date stands.
#[test]
fn what_is_done_twice_around_a_date_is_one_occurrence() {
    let policy = recurring();
    let output = |at: &str| {
        let members = format!(r#""id":"{at}","lift":"L","every":"d","due":"2026-03-01T09:00:00Z","at":"{at}""#);
        process(&policy, &members).outputs.remove(1)
    };
    let [before, after] = ["2026-03-02T08:59:59Z", "2026-03-02T09:00:00Z"].map(output);
    assert_eq!(before.id, after.id);
    let next = |output: Output| {
        let text = output.event.expect("a text");
        serde_json::from_str::<Value>(&text).expect("JSON")["due"].clone()
    };
    assert_eq!(
        [next(before), next(after)],
        [json!("2026-03-02T09:00:00Z"), json!("2026-03-03T09:00:00Z")]
    );
}

/// Of an event that states no time, a date is the next one after the previous one, whenever the event comes.
#[rstest]
#[case::a_date(r#""every":"d","due":"2026-03-01T09:00:00Z""#, "2026-03-02T09:00:00Z")]
#[case::null(r#""every":"d","due":"2026-03-01T09:00:00Z","at":null"#, "2026-03-02T09:00:00Z")]
#[case::a_time_that_is_a_number(
    r#""every":"m","due":"2026-01-31T09:00:00Z","at":1769850000"#,
    "2026-02-28T09:00:00Z"
)]
fn what_follows_depends_on_no_clock(#[case] members: &str, #[case] next: &str) {
    let members = format!(r#""id":"1","lift":"L",{members}"#);
    let output = |now| process_at(&recurring(), &members, now).outputs.remove(1);
    let first = output(NOW);
    assert_eq!(first, output("2031-07-01T00:00:00Z"));
    let text = first.event.expect("a text");
    assert!(text.contains(&format!(r#""due":"{next}""#)), "{text}");
}

/// What follows from an event that states no time happened with it.
#[test]
fn the_time_is_that_with_which_the_event_leaves() {
    let policy = policy(&json!([{ "type": "due", "copy": { "/lift": "/lift" } }])).expect("a policy");
    let times = |time: &str| {
        let outputs = process(&policy, &format!(r#""id":"1","lift":"L"{time}"#)).outputs;
        let time = |output: &Output| {
            let text = output.event.as_deref().unwrap_or_default();
            serde_json::from_str::<Value>(text).map_or(Value::Null, |event| event["at"].clone())
        };
        [time(&outputs[0]), time(&outputs[1])]
    };
    assert_eq!(times(""), [json!(NOW), json!(NOW)]);
    assert_eq!(times(r#","at":7"#)[1], json!(7));
}

/// What an example states of its version, and what an event that follows states.
#[rstest]
#[case::a_text(json!("/v"), json!({ "type": "due", "v": "2" }), r#""type":"due","v":"2""#)]
#[case::an_integer(json!("/v"), json!({ "type": "due", "v": 2 }), r#""type":"due","v":2"#)]
#[case::no_version(json!("/v"), json!({ "type": "due" }), r#""type":"due","v":"2""#)]
#[case::in_an_object(json!("/meta/v"), json!({ "type": "due", "meta": { "v": 2 } }), r#""type":"due","meta":{"v":2}"#)]
#[case::the_end_of_the_type(json!({ "end_of": "type" }), json!({ "type": "due.2" }), r#""type":"due.2""#)]
#[case::an_end_with_v(json!({ "end_of": "type" }), json!({ "type": "due.v2" }), r#""type":"due.v2""#)]
#[case::no_end(json!({ "end_of": "type" }), json!({ "type": "due" }), r#""type":"due.v2""#)]
fn a_version_is_stated_as_the_example_states_it(
    #[case] place: Value,
    #[case] example: Value,
    #[case] expected: &str,
    #[values(Value::Null, json!({ "end_of": "dataschema" }))] attribute: Value,
) {
    let is_mapped = !attribute.is_null();
    if is_mapped && !place.is_string() {
        return;
    }
    let mut manifest = json!({
        "name": "lifts", "version": "1",
        "envelope": { "id": "/id", "type": "/type", "version": place },
        "event_types": {
            "done": { "channel": "out", "versions": { "1": "done.json" }, "emits": [{ "type": "due" }] },
            "due": { "channel": "out", "versions": { "1": "due.json", "2": "due.json" }, "default_version": "2",
                "migrations": [{ "from": "1", "to": "2", "do": [] }] }
        }
    });
    if is_mapped {
        manifest["cloudevents"] = json!({ "id": "id", "type": "type", "version": attribute });
    }
    let due = json!({ "examples": [example] })
        .to_string()
        .replace(r#""type""#, r#""id":"1","type""#);
    let done = json!({ "examples": [{ "id": "1", "type": "done" }] }).to_string();
    let files = [
        ("policy.json", manifest.to_string()),
        ("due.json", due),
        ("done.json", done),
    ];
    let files = files.map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    let policy = Policy::proven(&Bundle::from_files(files.into()).expect("a bundle"), Code::default());
    let decided = process(&policy.expect("a policy"), r#""id":"1""#);
    let text = decided.outputs.get(1).and_then(|output| output.event.as_deref());
    let text = text.unwrap_or_else(|| panic!("{decided:?}"));
    assert!(text.contains(expected), "{text}");
}

#[rstest]
#[case::another_pattern(r#""every":"y""#, "/every", "must be one of d, m")]
#[case::a_number_as_pattern(r#""every":1"#, "/every", "must be one of d, m")]
#[case::neither_date_nor_time(r#""every":"d""#, "/due", "it recurs, and states no date")]
#[case::no_date(r#""every":"d","due":"soon""#, "/due", "must be a date and time with an offset")]
#[case::no_day(
    r#""every":"m","day":32,"at":"2026-01-31T09:00:00Z""#,
    "/day",
    "must be a day of the month, from 1 to 31"
)]
#[case::half_a_day(
    r#""every":"m","day":1.5,"due":"2026-01-31T09:00:00Z""#,
    "/day",
    "must be a day of the month, from 1 to 31"
)]
fn an_event_without_a_next_date_is_rejected(#[case] members: &str, #[case] path: &str, #[case] message: &str) {
    let decided = process(&recurring(), &format!(r#""id":"1","lift":"L",{members}"#));
    assert_eq!(decided.decision, Decision::Reject);
    let violation = &decided.violations[0];
    assert_eq!((&*violation.code, &*violation.path), ("emit-failed", path));
    assert!(violation.message.starts_with(message), "{}", violation.message);
}

#[test]
fn what_follows_must_be_valid() {
    let policy = policy(&json!([{ "type": "due", "copy": { "/lift": "/number" } }])).expect("a policy");
    let decided = process(&policy, r#""id":"1","lift":"L","number":7"#);
    assert_eq!(decided.decision, Decision::Reject);
    let found: Vec<_> = decided
        .violations
        .iter()
        .map(|found| (&*found.code, &*found.path))
        .collect();
    assert_eq!(found, [("emit-failed", ""), ("type", "/lift")]);
    // It comes first, and what shows one violation shows the reason.
    let message = "the due that follows from it is not valid: type at \"/lift\": must be a string";
    assert_eq!(decided.violations[0].message, message);
}

#[rstest]
#[case::an_unknown_type(json!([{ "type": "gone" }]), "emits of done: there is no event type gone")]
#[case::no_channel(json!([{ "type": "lost" }]), "emits of done: lost has no channel on which it could leave")]
#[case::itself(json!([{ "type": "done" }]), "emits of done: it leads back to itself: done → done")]
#[case::twice(json!([{ "type": "due" }, { "type": "due" }]), "emits of done: due is there twice")]
#[case::the_id(json!([{ "type": "due", "copy": { "/id": "/id" } }]), "emits of done: leave /id out")]
#[case::inside_the_version(json!([{ "type": "due", "copy": { "/v/x": "/id" } }]), "emits of done: leave /v/x out")]
#[case::one_inside_the_other(json!([{ "type": "due", "copy": { "/a": "/id", "/a/b": "/id" } }]), "/a and /a/b cannot both be copied")]
#[case::no_place(json!([{ "type": "due", "copy": { "a": "/id" } }]), "\"a\" is not a place")]
#[case::no_place_to_copy_from(json!([{ "type": "due", "copy": { "/a": "id" } }]), "\"id\" is not a place")]
#[case::no_copy(json!([{ "type": "due", "copy": { "/a": 7 } }]), "a copy is a place such as /id")]
#[case::no_recur(json!([{ "type": "due", "copy": { "/a": { "recur": "next" } } }]), "/a: there is no `recur` beside `copy`")]
#[case::not_of(
    json!([{ "type": "due", "copy": { "/a": "/at" }, "recur": { "of": ["/lift"], "from": "/due", "pattern": "/p", "patterns": { "d": "day" } } }]),
    "/a is copied from /at, which is not in `of`"
)]
#[case::of_nothing(json!([{ "type": "due", "recur": { "of": [], "from": "/due", "pattern": "/p", "patterns": { "d": "day" } } }]), "recur: name what recurs")]
#[case::no_such_interval(
    json!([{ "type": "due", "recur": { "of": ["/lift"], "from": "/due", "pattern": "/p", "patterns": { "h": "hour" } } }]),
    "unknown variant `hour`"
)]
fn what_makes_no_sense_is_refused(#[case] emits: Value, #[case] problem: &str) {
    let error = policy(&emits).expect_err("no policy");
    let cause = std::error::Error::source(&error);
    let text = format!("{error}: {}", cause.map(ToString::to_string).unwrap_or_default());
    assert!(text.contains(problem), "{text}");
}

#[test]
fn types_that_lead_back_to_themselves_are_refused() {
    let error = policy_of(&json!([{ "type": "due" }]), &json!([{ "type": "done" }])).expect_err("no policy");
    assert_eq!(
        error.to_string(),
        "emits of done: it leads back to itself: done → due → done"
    );
}
