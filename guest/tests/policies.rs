//! Custom policies: another bundle, another version, and what is refused.

use rstest::rstest;
use sha2::{Digest as _, Sha256};
use tidegate_policy::{
    Alerted, Bundle, Code, Context, Decision, EventType, MigrationCause, Policy, Step, StepError, StepFn, steps,
};

const EVENT: &str = r#"{"event_id":"e-1","event_type":"task.created","event_version":"1.0","task_id":1,"user_id":"user-1","timestamp":"2026-03-01T09:30:00Z","payload":{}}"#;

const SCHEMA_1_2: &str = r#"{
    "$ref": "../common.json#/$defs/task_event",
    "required": ["event_version"],
    "properties": {
        "event_version": { "const": "1.2" },
        "payload": { "required": ["source"], "properties": { "source": { "type": "string", "maxLength": 8, "pattern": "^[a-z]+$" } } }
    },
    "examples": [{
        "event_id": "e-1", "event_type": "task.created", "event_version": "1.2",
        "task_id": 1, "user_id": "user-1", "payload": { "source": "web" }
    }]
}"#;

const TO_1_2: Step = Step {
    older: "1.1",
    newer: "1.2",
    event_types: Some(&["task.created"]),
    up: Some(|event| {
        let source = event.get("from").cloned().unwrap_or_else(|| "unknown".into());
        steps::payload(event)?.entry("source").or_insert(source);
        Ok(())
    }),
    down: Some(|event| {
        let payload = steps::payload(event)?;
        if payload.contains_key("sealed") {
            return Err(StepError::new("/payload/sealed", "a sealed payload cannot go back"));
        }
        payload.shift_remove("source");
        Ok(())
    }),
};

fn with_1_2() -> Policy {
    let bundle = Bundle::builtin().with_schema("task.created", "1.2", SCHEMA_1_2);
    Policy::new(&bundle, Code::default().with_step(TO_1_2)).expect("a policy")
}

fn now() -> Context {
    Context {
        now: "2026-03-02T17:00:00Z".to_owned(),
        target_version: None,
        handed_back: false,
    }
}

#[test]
fn a_version_is_one_schema_and_one_line() {
    let policy = with_1_2();
    let decided = policy.process(EVENT.as_bytes(), &[], &now());
    let latest = decided.outputs[0].event.as_deref().expect("a new text");
    assert!(
        latest.ends_with(r#""payload":{"new_field":null,"source":"unknown"}}"#),
        "{latest}"
    );
    let back = policy.migrate(latest.as_bytes(), &[], "1.0").expect("a way");
    assert_eq!(back.path, ["1.2", "1.1", "1.0"]);
    assert_eq!(back.event.as_deref(), Some(EVENT));
    let other = policy
        .catalog()
        .event_types
        .into_iter()
        .find(|known| known.name == "task.updated")
        .expect("known");
    assert_eq!(other.target_version, "1.1");
}

const TASKS: [&str; 2] = ["task.created", "task.updated"];
const SOURCE: &str =
    r#"{ "properties": { "payload": { "required": ["source"], "properties": { "source": { "type": "string" } } } } }"#;

/// The builtin policy with 1.2 of some types, whose schema lies over that of 1.1.
fn with_changes(changes: &str, up: StepFn) -> Result<Policy, tidegate_policy::PolicyError> {
    let bundle = Bundle::builtin().with_version(&TASKS, "1.1", "1.2", changes)?;
    let down: StepFn = |event| {
        steps::payload(event)?.shift_remove("source");
        Ok(())
    };
    Policy::new(&bundle, Code::default().with_step(Step::new("1.1", "1.2", up, down)))
}

const ADD_SOURCE: StepFn = |event| {
    steps::payload(event)?.insert("source".to_owned(), "web".into());
    Ok(())
};

#[test]
fn a_version_of_several_types_is_one_schema_and_its_examples_are_made() {
    let policy = with_changes(SOURCE, ADD_SOURCE).expect("a policy");
    for known in policy.catalog().event_types {
        let Some(newest) = known.versions.iter().find(|known| known.version == "1.2") else {
            assert!(!TASKS.contains(&known.name.as_str()));
            continue;
        };
        assert!(
            newest.example.ends_with(r#""new_field":null,"source":"web"}}"#),
            "{}",
            newest.example
        );
        let back = policy.migrate(newest.example.as_bytes(), &[], "1.1").expect("a way");
        assert_eq!(back.event.as_deref(), Some(known.versions[1].example.as_str()));

        let old_rules = newest.example.replace(r#""new_field":null,"#, "");
        let lacking = newest.example.replace(r#","source":"web""#, "");
        for invalid in [old_rules, lacking] {
            let rejection = policy.validate(invalid.as_bytes(), &[]).expect_err("invalid");
            assert_eq!(rejection.violations[0].code, "required");
        }
    }
}

#[rstest]
#[case::not_json(
    "{",
    "the schema of task.created 1.1 and the changes for task.created 1.2 must be JSON"
)]
#[case::no_example_can_be_made(
    r#"{ "properties": { "payload": { "required": ["other"] } } }"#,
    "the example of task.created 1.2 is not valid: made of an older one: required at \"/payload/other\": other is required"
)]
#[case::an_example_of_its_own_counts(
    r#"{ "examples": [{}] }"#,
    "the example of task.created 1.2 is not valid: required at \"/event_type\": event_type is required"
)]
#[case::no_schema(r#"{ "type": "event" }"#, "task.created/1.2.json is not a usable schema")]
fn bad_changes_are_refused(#[case] changes: &str, #[case] problem: &str) {
    let error = with_changes(changes, ADD_SOURCE).expect_err("no policy");
    assert_eq!(error.to_string(), problem);
}

#[test]
fn a_version_is_made_only_of_one_that_is_there() {
    let error = Bundle::builtin()
        .with_version(&TASKS, "1.3", "1.4", "{}")
        .expect_err("no such version");
    assert_eq!(
        error.to_string(),
        "there is no task.created 1.3 to make another version of"
    );
}

#[test]
fn an_event_type_is_one_schema_and_one_line() {
    let schema = SCHEMA_1_2
        .replace("1.2", "1.0")
        .replace("task.created", "task.archived");
    let mut archived = EventType::new("task-events");
    archived.retry = Some(vec![60_000].into());
    let bundle = Bundle::builtin()
        .named("mine", "7")
        .with_event_type("task.archived", archived)
        .with_schema("task.archived", "1.0", schema);
    let policy = Policy::new(&bundle, Code::default()).expect("a policy");
    let event = EVENT
        .replace("task.created", "task.archived")
        .replace("{}", r#"{"source":"web"}"#);
    let decided = policy.process(event.as_bytes(), &[], &now());
    assert_eq!(
        (decided.decision, decided.outputs[0].channel.as_str()),
        (Decision::Forward, "task-events")
    );
    assert_eq!(policy.schedule_for("task.archived").delays_ms, [60_000]);
    assert_eq!(
        (policy.catalog().name, policy.catalog().version),
        ("mine".to_owned(), "7".to_owned())
    );
}

#[test]
fn the_newest_version_is_reached_from_all_others() {
    let bundle = Bundle::builtin().with_schema("task.created", "1.2", SCHEMA_1_2);
    let error = Policy::new(&bundle, Code::default()).expect_err("no policy");
    assert_eq!(
        error.to_string(),
        "nothing leads from task.created 1.0 to 1.2, in which events leave: add a migration"
    );
}

#[test]
fn a_version_without_a_step_back_is_not_reached() {
    let bundle = Bundle::builtin().with_schema("task.created", "1.2", SCHEMA_1_2);
    let one_way = Step { down: None, ..TO_1_2 };
    let policy = Policy::new(&bundle, Code::default().with_step(one_way)).expect("a policy");
    let newer = policy.migrate(EVENT.as_bytes(), &[], "1.2").expect("up");
    let newer = newer.event.expect("a new text");
    let failure = policy.migrate(newer.as_bytes(), &[], "1.0").expect_err("no way");
    assert_eq!(failure.cause, MigrationCause::NoPath);
    let context = Context {
        target_version: Some("1.0".to_owned()),
        ..now()
    };
    let decided = policy.process(newer.as_bytes(), &[], &context);
    assert_eq!(
        (decided.decision, decided.violations[0].code.as_str()),
        (Decision::Reject, "no-path")
    );
}

#[test]
fn a_step_that_fails_or_makes_an_invalid_event_is_a_violation() {
    let policy = with_1_2();
    let sealed = EVENT
        .replace("1.0", "1.2")
        .replace(r#""payload":{}"#, r#""payload":{"source":"web","sealed":true}"#);
    let failure = policy.migrate(sealed.as_bytes(), &[], "1.1").expect_err("no way back");
    assert_eq!(failure.cause, MigrationCause::StepFailed);
    assert_eq!(failure.violations[0].path, "/payload/sealed");

    let long = EVENT.replace(r#""payload""#, r#""from":"UPPERCASE","payload""#);
    let failure = policy.migrate(long.as_bytes(), &[], "1.2").expect_err("invalid");
    assert_eq!(failure.cause, MigrationCause::InvalidResult);
    let codes: Vec<_> = failure
        .violations
        .iter()
        .map(|violation| (violation.path.as_str(), violation.code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("", "migration-failed"),
            ("/payload/source", "max-length"),
            ("/payload/source", "pattern")
        ]
    );
    assert!(
        failure
            .violations
            .iter()
            .all(|violation| !violation.message.contains("UPPERCASE"))
    );
}

#[test]
fn a_type_without_a_channel_is_validated_and_dropped() {
    let mut bundle = Bundle::builtin();
    bundle.manifest.event_types["task.created"].channel = None;
    let policy = Policy::new(&bundle, Code::default()).expect("a policy");
    let decided = policy.process(EVENT.as_bytes(), &[], &now());
    assert_eq!((decided.decision, decided.outputs.len()), (Decision::Drop, 0));
    let bad = EVENT.replace("user-1", "");
    let decided = policy.process(bad.as_bytes(), &[], &now());
    assert_eq!(decided.decision, Decision::Reject);
}

#[rstest]
#[case::no_schema(|bundle: &mut Bundle| bundle.files.retain(|file| !file.name.starts_with("task.created/")), "there is no task.created/1.0.json, the schema of task.created 1.0")]
#[case::no_version(|bundle: &mut Bundle| bundle.manifest.event_types["task.created"].versions.clear(), "the event type task.created has no version: name the file of its schema under `versions`")]
#[case::depth(|bundle: &mut Bundle| bundle.manifest.limits.depth = 257, "limits.depth must be from 1 to 256, is 257")]
#[case::no_dead_letters(|bundle: &mut Bundle| bundle.manifest.dead_letters.channel.clear(), "dead_letters: a channel has a name")]
#[case::no_alerted_type(|bundle: &mut Bundle| { bundle.manifest.alerts.insert("pager".into(), Alerted::Types(vec!["task.lost".into()])); }, "alerts: pager receives alerts about task.lost, which is none of the event types")]
#[case::no_example(|bundle: &mut Bundle| *bundle = bundle.clone().with_file("task.created/1.0.json", "{}"), "the schema of task.created 1.0 has no `examples`: add a valid event, since none can be made of an older version")]
#[case::bad_example(|bundle: &mut Bundle| *bundle = bundle.clone().with_file("task.created/1.0.json", r#"{"examples":[{}]}"#), "the example of task.created 1.0 is not valid: required at \"/event_type\": event_type is required")]
#[case::no_json(|bundle: &mut Bundle| *bundle = bundle.clone().with_file("task.created/1.0.json", "{"), "task.created/1.0.json is not JSON")]
#[case::no_schema_keyword(|bundle: &mut Bundle| *bundle = bundle.clone().with_file("task.created/1.0.json", r#"{"type":7}"#), "task.created/1.0.json is not a usable schema")]
#[case::unknown_format(|bundle: &mut Bundle| *bundle = bundle.clone().with_file("task.created/1.0.json", r#"{"format":"moon-phase","examples":[1]}"#), "task.created/1.0.json is not a usable schema: the format \"moon-phase\" is not known, and would check nothing")]
fn a_bad_bundle_is_refused(#[case] change: fn(&mut Bundle), #[case] problem: &str) {
    let mut bundle = Bundle::builtin();
    change(&mut bundle);
    let error = Policy::new(&bundle, Code::default()).expect_err("no policy");
    assert_eq!(error.to_string(), problem);
}

/// By it a host knows the folder, whichever code runs it.
#[test]
fn the_catalog_of_a_policy_of_files_alone_has_the_digest_of_its_document() {
    let document = Bundle::builtin().to_document().expect("a document");
    let digest = |policy: &Policy| policy.catalog().digest;
    let of_files = Policy::of_files(&document).expect("a policy");
    let expected = format!("sha256:{}", hex::encode(Sha256::digest(&document)));
    assert_eq!(digest(&of_files), Some(expected));
    assert_eq!(digest(Policy::builtin()), None, "it is code, too");
}
