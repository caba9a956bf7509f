//! The component gives the answers of the golden vectors, byte for byte, in every isolation; and loading it is safe.

use std::{fs, path::Path, time::Duration};

use rstest::rstest;
use tidegate_engine::{CallError, Context, Engine, FaultKind, Isolation, Limits, LoadError, Options, Policy};
use tidegate_tests::{dist, vectors};

async fn load(isolation: Isolation) -> Policy {
    load_within(isolation, Limits::default()).await
}

async fn load_within(isolation: Isolation, limits: Limits) -> Policy {
    load_file("policy.wasm", isolation, limits).await
}

async fn load_file(name: &str, isolation: Isolation, limits: Limits) -> Policy {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-cache");
    let options = Options {
        limits,
        isolation,
        cache_dir: Some(cache),
        ..Options::default()
    };
    let bytes = fs::read(dist(name)).expect("a readable policy");
    Engine::new(options)
        .expect("an engine")
        .load(&bytes)
        .await
        .expect("the policy loads")
}

#[rstest]
#[case::fresh("policy.wasm", Isolation::Fresh)]
#[case::reuse("policy.wasm", Isolation::Reuse)]
#[case::made_of_files("built-policy.wasm", Isolation::Reuse)]
#[tokio::test]
async fn the_component_answers_every_vector(#[case] name: &str, #[case] isolation: Isolation) {
    let policy = load_file(name, isolation, Limits::default()).await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::cases() {
        let Some(answer) = vectors::answer(&policy, &case).await else {
            continue;
        };
        count += 1;
        // As text: equal values may have members in another order.
        let (expected, given) = (case["expect"].to_string(), without_digest(&answer.to_string()));
        if expected != given {
            wrong.push(format!(
                "{}\n  expected {}\n  got      {answer}",
                case["name"], case["expect"]
            ));
        }
    }
    assert!(count > 400, "only {count} vectors found");
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Only a policy that is made of files names their digest.
fn without_digest(answer: &str) -> String {
    let Some((before, after)) = answer.split_once("sha256:") else {
        return answer.to_owned();
    };
    let is_quote = |c| c == '"' || c == '\\';
    let after = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    let (before, after) = (before.trim_end_matches(is_quote), after.trim_start_matches(is_quote));
    format!("{before}null{after}")
}

#[tokio::test]
async fn the_policy_passes_its_own_examples() {
    let policy = load(Isolation::Fresh).await;
    let report = policy.self_test().await.expect("no fault");
    assert!(report.passed(), "{report:#?}");
    let versions: usize = policy
        .catalog()
        .event_types
        .iter()
        .map(|event_type| event_type.versions.len())
        .sum();
    assert_eq!(report.cases.len(), versions, "one case for each type and version");
}

#[tokio::test]
async fn many_calls_at_once_wait_their_turn() {
    let policy = std::sync::Arc::new(load(Isolation::Fresh).await);
    let calls = (0..500).map(|number| {
        let policy = policy.clone();
        tokio::spawn(async move {
            let event = tidegate_tests::event(&format!("e-{number}"));
            policy
                .process(event.as_bytes(), &[], &Context::at("2026-03-01T09:30:00Z"))
                .await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("no panic").expect("a decision");
    }
}

/// A megabyte that takes the policy long to read and to write, and much memory.
fn laborious() -> String {
    let members: Vec<_> = (0..30_000)
        .map(|number| format!(r#","member-{number}":[{number}]"#))
        .collect();
    let members = members.concat();
    tidegate_tests::event("e-1").replace(r#""title""#, &format!(r#""n":0{members},"title""#))
}

/// The default limits, on a machine that is busy with other tests.
const PATIENT: Limits = Limits {
    deadline: Duration::from_mins(1),
    memory_bytes: 64 << 20,
    output_bytes: 4 << 20,
};

#[rstest]
#[case::time(Limits { deadline: Duration::from_millis(10), ..Limits::default() }, FaultKind::Deadline)]
#[case::memory(Limits { memory_bytes: 8 << 20, ..PATIENT }, FaultKind::Memory)]
#[case::output(Limits { output_bytes: 64 << 10, ..PATIENT }, FaultKind::Output)]
#[tokio::test]
async fn a_call_beyond_its_bounds_is_a_fault_and_the_next_one_is_not(#[case] limits: Limits, #[case] kind: FaultKind) {
    for isolation in [Isolation::Fresh, Isolation::Reuse] {
        let policy = load_within(isolation, limits).await;
        let context = Context::at("2026-03-01T09:30:00Z");
        for _ in 0..3 {
            match policy.process(laborious().as_bytes(), &[], &context).await {
                Err(CallError::Fault(fault)) => assert_eq!(fault.kind, kind, "{fault:?}"),
                other => panic!("{kind} was not noticed: {other:.200?}"),
            }
        }
        let small = policy
            .process(tidegate_tests::event("e-2").as_bytes(), &[], &context)
            .await;
        assert_eq!(small.expect("no fault").event_id.as_deref(), Some("e-2"));
    }
}

#[tokio::test]
async fn a_long_call_lets_others_run() {
    let policy = load_within(Isolation::Fresh, PATIENT).await;
    let context = Context::at("2026-03-01T09:30:00Z");
    let event = laborious();
    let long = policy.process(event.as_bytes(), &[], &context);
    let mut long = std::pin::pin!(long);
    // On one thread: the other task only gets its turns when the call yields.
    let mut turns = 0;
    loop {
        tokio::select! {
            biased;
            decided = &mut long => {
                decided.expect("a decision");
                break;
            }
            () = tokio::task::yield_now() => turns += 1,
        }
    }
    assert!(turns > 0, "the call never yielded");
}

#[tokio::test]
async fn a_damaged_cache_file_is_compiled_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let cache = dir.path().join("cache");
    let options = || Options {
        cache_dir: Some(cache.clone()),
        ..Options::default()
    };
    let bytes = fs::read(dist("policy.wasm")).expect("a readable policy");
    let load = async || {
        Engine::new(options())
            .expect("an engine")
            .load(&bytes)
            .await
            .expect("the policy loads")
    };

    assert!(!load().await.load_report().from_cache, "the first load compiles");
    assert!(load().await.load_report().from_cache, "the second finds the code");

    for file in fs::read_dir(&cache).expect("a readable folder") {
        let file = file.expect("an entry").path();
        let mut code = fs::read(&file).expect("readable");
        let middle = code.len() / 2;
        code[middle] ^= 0xff;
        fs::write(&file, code).expect("writable");
    }
    let policy = load().await;
    assert!(!policy.load_report().from_cache, "damaged code is not used");
    assert!(policy.self_test().await.expect("no fault").passed());
    assert!(load().await.load_report().from_cache, "and is replaced");
}

#[rstest]
#[case::empty(b"", "it is empty")]
#[case::text(b"{\"event_type\":1}", "does not begin as WebAssembly does")]
#[case::core_module(b"\0asm\x01\0\0\0", "wasm32-wasip2")]
#[tokio::test]
async fn what_is_no_component_is_refused(#[case] bytes: &[u8], #[case] says: &str) {
    let error = Engine::new(Options::default())
        .expect("an engine")
        .load(bytes)
        .await
        .expect_err("refused");
    assert!(
        matches!(error, LoadError::NotAComponent { .. }) && error.to_string().contains(says),
        "{error}"
    );
}

#[tokio::test]
async fn a_component_that_lacks_the_contract_is_told_what_is_missing() {
    let empty_component = b"\0asm\x0d\0\x01\0";
    let engine = Engine::new(Options::default()).expect("an engine");
    let error = engine.load(empty_component).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the policy does not export tidegate:policy/validation@0.2.0"
    );
}

#[tokio::test]
async fn an_import_of_files_is_refused_by_name() {
    let bytes = importing("wasi:filesystem/preopens@0.2.6");
    let error = Engine::new(Options::default())
        .expect("an engine")
        .load(&bytes)
        .await
        .expect_err("refused");
    assert!(
        matches!(&error, LoadError::ForbiddenImport { name } if name == "wasi:filesystem/preopens@0.2.6"),
        "{error}"
    );
}

/// A component that imports one empty instance and does nothing else.
fn importing(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("a short name");
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // Type section: one instance type without declarations.
    bytes.extend([7, 3, 1, 0x42, 0]);
    // Import section: one import, by name, of an instance of type 0.
    bytes.extend([10, length + 5, 1, 0, length]);
    bytes.extend(name.as_bytes());
    bytes.extend([5, 0]);
    bytes
}
