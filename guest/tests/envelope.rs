//! Policies of other domains: an event states its names where the manifest says.

use rstest::rstest;
use tidegate_policy::{Bundle, Code, Context, File, Policy, Rule, Step};

fn now() -> Context {
    Context {
        now: "2026-03-02T17:00:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    }
}

/// Events of another domain, whose members stand elsewhere.
fn orders(manifest: &str) -> Result<Policy, tidegate_policy::PolicyError> {
    orders_with(manifest, None)
}

/// The same with one more file.
fn orders_with(manifest: &str, file: Option<(&str, &str)>) -> Result<Policy, tidegate_policy::PolicyError> {
    let schema = |event_type: &str, version: &str| {
        format!(
            r#"{{ "required": ["meta", "customer"], "examples": [{{
                "meta": {{ "id": "m-1", "type": "{event_type}", "v": "{version}" }}, "customer": {{ "id": "c-1" }}
            }}] }}"#
        )
    };
    let mut files = vec![
        ("placed-1.json".to_owned(), schema("order.placed", "1.0")),
        ("placed-2.json".to_owned(), schema("order.placed", "2")),
        ("lost.json".to_owned(), schema("order.lost", "1.0")),
        ("policy.json".to_owned(), manifest.to_owned()),
    ];
    if let Some((name, text)) = file {
        files.retain(|(other, _)| other != name);
        files.push((name.to_owned(), text.to_owned()));
    }
    let files = files.into_iter().map(|(name, text)| File {
        name: name.into(),
        text: text.into(),
    });
    let code = Code {
        steps: vec![Step::new("1.0", "2", |_| Ok(()), |_| Ok(()))],
        rules: vec![Rule {
            id: "no-total",
            check: |event| (*event.get("total")? == 0).then_some(("/total", "total must not be 0")),
        }],
        derivations: Vec::new(),
    };
    Policy::new(&Bundle::from_files(files.collect())?, code)
}

const ORDERS: &str = r#"{
    "name": "orders", "version": "1", "retry": { "default": ["5s", "1m"] },
    "envelope": { "id": "/meta/id", "type": "/meta/type", "version": "/meta/v", "key": "/customer/id", "time": "/meta/at" },
    "event_types": {
        "order.placed": {
            "channel": "orders", "versions": { "1.0": "placed-1.json", "2": "placed-2.json" }, "default_version": "1.0"
        },
        "order.lost": { "channel": "orders", "versions": { "1.0": "lost.json" } }
    }
}"#;

#[test]
fn the_members_that_a_policy_reads_stand_where_its_envelope_says() {
    let policy = orders(ORDERS).expect("a policy");
    let event = r#"{"total":9.50,"meta":{"id":"o-1","type":"order.placed","more":1},"customer":{"id":"c-7"}}"#;
    let accepted = policy.validate(event.as_bytes(), &[]).expect("valid");
    assert_eq!(
        (
            &*accepted.event_id,
            &*accepted.event_type,
            &*accepted.event_version,
            accepted.key.as_deref()
        ),
        ("o-1", "order.placed", "1.0", Some("c-7"))
    );
    let decided = policy.process(event.as_bytes(), &[], &now());
    let [output] = &decided.outputs[..] else {
        panic!("{decided:?}")
    };
    assert_eq!(
        (&*output.channel, output.key.as_deref(), &*output.id),
        ("orders", Some("c-7"), "o-1")
    );
    assert_eq!(
        output.event.as_deref(),
        Some(
            r#"{"total":9.50,"meta":{"id":"o-1","type":"order.placed","v":"2","more":1,"at":"2026-03-02T17:00:00Z"},"customer":{"id":"c-7"}}"#
        ),
        "the version is beside the type, and the time in the object that it belongs to"
    );
    for (event, violation) in [
        (
            r#"{"meta":{"type":"order.stolen"},"customer":{}}"#,
            ("unknown-event-type", "/meta/type"),
        ),
        (r#"{"meta":{},"customer":{}}"#, ("required", "/meta/type")),
        (r#"{"meta":[],"customer":{}}"#, ("required", "/meta/type")),
        (
            r#"{"meta":{"type":"order.placed","v":"3"},"customer":{}}"#,
            ("unknown-version", "/meta/v"),
        ),
        (
            r#"{"meta":{"type":"order.placed","v":2.5},"customer":{}}"#,
            ("type", "/meta/v"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":"o-1"},"customer":{"id":"c-1"},"total":0}"#,
            ("no-total", "/total"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":"o-1"}}"#,
            ("required", "/customer"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":"o-1"},"customer":{}}"#,
            ("required", "/customer/id"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":"o-1"},"customer":{"id":7.5}}"#,
            ("type", "/customer/id"),
        ),
        (
            r#"{"meta":{"type":"order.placed"},"customer":{"id":"c-1"}}"#,
            ("required", "/meta/id"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":true},"customer":{"id":"c-1"}}"#,
            ("type", "/meta/id"),
        ),
        (
            r#"{"meta":{"type":"order.placed","id":""},"customer":{"id":""}}"#,
            ("min-length", "/meta/id"),
        ),
    ] {
        let rejection = policy.validate(event.as_bytes(), &[]).expect_err(event);
        let first = &rejection.violations[0];
        assert_eq!((&*first.code, &*first.path), violation, "{event}");
    }
    let failure = policy.migrate(event.as_bytes(), &[], "3").expect_err("no such version");
    assert_eq!(failure.violations[0].path, "/meta/v");
    assert_eq!(policy.schedule_for("order.placed").delays_ms, [5000, 60_000]);
}

#[test]
fn a_type_names_the_version_in_which_its_events_leave() {
    let manifest = ORDERS.replace(
        r#""default_version": "1.0""#,
        r#""default_version": "1.0", "target_version": "1.0""#,
    );
    let policy = orders(&manifest).expect("a policy");
    let event = |version: &str| {
        let meta = format!(r#"{{"id":"o-1","type":"order.placed","v":"{version}","at":"2026-03-01T09:30:00Z"}}"#);
        format!(r#"{{"meta":{meta},"customer":{{"id":"c-7"}}}}"#)
    };
    let leaves = |version: &str| {
        policy.process(event(version).as_bytes(), &[], &now()).outputs[0]
            .event
            .clone()
    };
    assert_eq!((leaves("1.0"), leaves("2")), (None, Some(event("1.0"))));
    assert_eq!(policy.catalog().event_types[1].target_version, "1.0");
}

#[test]
fn an_event_whose_time_cannot_be_added_is_rejected() {
    let policy = orders(&ORDERS.replace("/meta/at", "/when/at")).expect("a policy");
    let event = r#"{"meta":{"id":"o-1","type":"order.placed"},"customer":{"id":"c-7"},"when":"today"}"#;
    let decided = policy.process(event.as_bytes(), &[], &now());
    let [violation] = &decided.violations[..] else {
        panic!("{decided:?}")
    };
    assert_eq!((&*violation.code, &*violation.path), ("type", "/when"));
}

#[test]
fn an_event_that_its_schema_forbids_a_time_is_rejected() {
    let manifest = ORDERS.replace("/meta/at", "/total");
    let files = r#"{ "properties": { "total": { "type": "number" } }, "examples": [{
        "meta": { "id": "m-1", "type": "order.placed", "v": "2" }, "customer": { "id": "c-1" }, "total": 1
    }] }"#;
    let policy = orders_with(&manifest, Some(("placed-2.json", files))).expect("a policy");
    let event = r#"{"meta":{"id":"o-1","type":"order.placed","v":"2"},"customer":{"id":"c-7"}}"#;
    let decided = policy.process(event.as_bytes(), &[], &now());
    let [violation] = &decided.violations[..] else {
        panic!("{decided:?}")
    };
    assert_eq!((&*violation.code, &*violation.path), ("type", "/total"));
}

#[rstest]
#[case::a_type_with_versions_needs_a_default(
    r#", "default_version": "1.0""#,
    "",
    "order.placed needs a default_version, one of: 1.0, 2"
)]
#[case::the_default_must_exist(
    r#""default_version": "1.0""#,
    r#""default_version": "1""#,
    "the default_version 1 of order.placed is none of its versions: 1.0, 2"
)]
#[case::the_target_must_exist(
    r#""default_version": "1.0""#,
    r#""default_version": "1.0", "target_version": "3""#,
    "the target_version 3 of order.placed is none of its versions: 1.0, 2"
)]
#[case::versions_need_a_place(
    r#" "version": "/meta/v","#,
    "",
    "order.placed has more than one version, and the envelope says nowhere that an event states its version"
)]
#[case::a_type_is_named_once(
    r#""order.lost": {"#,
    r#""order.placed": {"#,
    "policy.json cannot be read: \"order.placed\" is there twice at line 9 column 5"
)]
#[case::a_delay_has_a_unit(
    r#""1m""#,
    r#""60""#,
    "policy.json cannot be read: \"60\" is not a delay: write a number and a unit, such as 500ms, 5s, 1m, 2h or 1d at line 2 column 74"
)]
#[case::unknown_keys_are_refused(
    r#""key":"#,
    r#""user":"#,
    "policy.json cannot be read: unknown field `user`, expected one of `id`, `type`, `version`, `key`, `time`, `payload` at line 3 column 86"
)]
#[case::a_place_is_a_pointer(
    r#""/meta/id""#,
    r#""meta.id""#,
    "policy.json cannot be read: \"meta.id\" is not a place in an event: write a JSON Pointer to a member, such as /id or /meta/id at line 3 column 33"
)]
fn a_manifest_that_makes_no_sense_is_refused(#[case] from: &str, #[case] to: &str, #[case] problem: &str) {
    let error = orders(&ORDERS.replace(from, to)).expect_err("no policy");
    let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
    assert_eq!(format!("{error}{}", cause.unwrap_or_default()), problem);
}
