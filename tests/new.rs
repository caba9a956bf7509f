//! `tidegate new`: the folder that it writes works as it is, by the built program, in an empty working directory.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rstest::rstest;
use serde_json::Value;
use tidegate_harness::{Process, Ready, free_port, wait};
use tidegate_tests::{Finished, dist, tidegate_in};

/// An empty directory.
fn empty() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

/// Runs the program, which must succeed.
fn done(dir: &Path, args: &[&str], input: &[u8]) -> String {
    let Finished { code, out, err } = tidegate_in(dir, args, input);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A gate that is started as `tidegate serve DIR` in a working directory.
async fn serve(dir: &Path, folder: &str) -> Process {
    let [listen, admin] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
    let ready = Ready::Http(format!("http://{listen}/readyz"));
    let program = std::path::absolute(dist("tidegate")).expect("a path");
    let command = tidegate_harness::Command::new("gate", &program, dir.to_owned(), ready)
        .args(["serve", folder])
        .env(&[
            ("TIDEGATE_LISTEN".to_owned(), listen),
            ("TIDEGATE_ADMIN__LISTEN".to_owned(), admin),
        ]);
    Process::start(command)
        .await
        .unwrap_or_else(|error| panic!("{error:#}"))
}

#[tokio::test]
async fn a_new_folder_works_as_it_is() {
    let dir = empty();
    let said = done(dir.path(), &["new", "shop"], b"");
    done(dir.path(), &["check", "shop"], b"");
    done(dir.path(), &["test", "shop"], b"");
    done(dir.path(), &["build", "shop", "-o", "shop.wasm"], b"");
    let events = fs::read(dir.path().join("shop/events.jsonl")).expect("samples");
    let decisions = |policy: &str| {
        let decided = lines(&done(dir.path(), &["apply", "--policy", policy], &events));
        decided
            .iter()
            .map(|one| one["decision"].to_string())
            .collect::<Vec<_>>()
    };
    let expected = [r#""forward""#, r#""forward""#, r#""reject""#, r#""forward""#];
    assert_eq!(decisions("shop"), expected);
    assert_eq!(decisions("shop.wasm"), expected);

    let gate = serve(dir.path(), "shop").await;
    done(dir.path(), &["send", "--topic", "shop-events"], &events);
    let published = async || {
        let out = tidegate_in(dir.path(), &["read", "shop.orders", "--json"], b"").out;
        (lines(&out).len() == 3).then_some(out)
    };
    let published = wait::until("three orders", Duration::from_secs(20), published).await;
    published.unwrap_or_else(|error| panic!("{error:#}"));
    let letters = lines(&done(dir.path(), &["dlq", "list", "--json"], b""));
    assert_eq!(
        (letters.len(), &letters[0]["event_id"]),
        (1, &"o-3".into()),
        "{letters:?}"
    );
    drop(gate);
    for command in ["apply --policy shop", "serve shop", "send --topic shop-events"] {
        assert!(said.contains(&format!("tidegate {command}")), "{said}");
    }
}

#[test]
fn versions_that_samples_state_are_versions_of_the_policy() {
    let dir = empty();
    done(dir.path(), &["new", "shop"], b"");
    let written = done(
        dir.path(),
        &["new", "till", "--from", "shop/events.jsonl", "--json"],
        b"",
    );
    let written: Value = serde_json::from_str(&written).expect("JSON");
    let versions = written["inferred"]["event_types"][0]["versions"]
        .as_array()
        .expect("a list");
    let versions: Vec<_> = versions
        .iter()
        .map(|version| (&version["version"], &version["events"], &version["file"]))
        .collect();
    assert_eq!(
        versions,
        [
            (&"1".into(), &1.into(), &"schemas/order.placed/1.json".into()),
            (&"2".into(), &3.into(), &"schemas/order.placed/2.json".into())
        ]
    );
    done(dir.path(), &["check", "till"], b"");
    let events = fs::read(dir.path().join("shop/events.jsonl")).expect("samples");
    let decided = lines(&done(dir.path(), &["apply", "--policy", "till"], &events));
    assert!(decided.iter().all(|one| one["decision"] == "forward"), "{decided:?}");
}

#[test]
fn nothing_is_overwritten() {
    let dir = empty();
    fs::create_dir(dir.path().join("kept")).expect("made");
    fs::write(dir.path().join("file"), "mine").expect("written");
    for name in ["kept", "file"] {
        let refused = tidegate_in(dir.path(), &["new", name], b"");
        assert_eq!(refused.code, 3);
        let says = format!("tidegate: {name} exists, and is not overwritten");
        assert!(refused.err.starts_with(&says), "{}", refused.err);
    }
    assert_eq!(fs::read_dir(dir.path().join("kept")).expect("there").count(), 0);
    assert_eq!(fs::read_to_string(dir.path().join("file")).expect("there"), "mine");
}

#[rstest]
#[case::empty("")]
#[case::a_path("shops/one")]
#[case::upwards("..")]
#[case::capitals("Shop")]
#[case::a_digit_first("1shop")]
#[case::a_hyphen_last("shop-")]
#[case::another_alphabet("läden")]
#[case::too_long("a23456789-123456789-123456789-123456789-123456789-1")]
fn a_name_is_checked(#[case] name: &str) {
    let dir = empty();
    let refused = tidegate_in(dir.path(), &["new", name], b"");
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(
        refused.err.contains("cannot be the name of a policy"),
        "{}",
        refused.err
    );
    assert_eq!(
        fs::read_dir(dir.path()).expect("there").count(),
        0,
        "nothing is written"
    );
}

#[test]
fn the_files_are_listed_as_json() {
    let dir = empty();
    let written: Value = serde_json::from_str(&done(dir.path(), &["new", "shop", "--json"], b"")).expect("JSON");
    assert_eq!(written["folder"], "shop");
    let files = written["files"].as_array().expect("a list");
    for file in files {
        let text = fs::read_to_string(dir.path().join("shop").join(file.as_str().expect("a path"))).expect("written");
        assert!(!text.contains("{name}"), "{file}: {text}");
    }
    let has = |name: &str| files.iter().any(|file| file == name);
    assert!(
        has("policy.yaml")
            && has("policy.schema.json")
            && has("gate.yaml")
            && has("dapr/pubsub.yaml")
            && has("kafka/apply.sh"),
        "{files:?}"
    );
}

#[test]
fn the_components_and_topics_are_those_of_the_policy() {
    let dir = empty();
    done(dir.path(), &["new", "shop"], b"");
    let read = |file: &str| fs::read_to_string(dir.path().join("shop").join(file)).expect(file);
    for file in ["dapr/pubsub.yaml", "dapr/statestore.yaml", "dapr/resiliency.yaml"] {
        assert!(read(file).contains("scopes:\n- shop\n"), "{file}");
    }
    assert!(
        read("dapr/pubsub.yaml").contains("value: \"shop\""),
        "the consumer group"
    );
    let topics = read("kafka/topics.yaml");
    let topics: Vec<_> = topics
        .lines()
        .filter_map(|line| line.strip_prefix("  - { name: "))
        .collect();
    let names: Vec<_> = topics.iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["shop-events", "shop.orders", "dlq"]);
    let created = Command::new("bash")
        .args(["-n", "shop/kafka/apply.sh"])
        .current_dir(dir.path())
        .stderr(Stdio::inherit())
        .status();
    assert!(created.expect("bash").success());
}

#[test]
fn serve_says_what_is_missing_in_a_folder() {
    let dir = empty();
    done(dir.path(), &["new", "shop"], b"");
    fs::remove_file(dir.path().join("shop/gate.yaml")).expect("removed");
    for (args, says) in [
        (
            vec!["serve", "none"],
            "there is no folder none; `tidegate new none` writes one",
        ),
        (
            vec!["serve", "shop/policy.yaml"],
            "shop/policy.yaml is not a folder; name the file of a policy with --policy",
        ),
        (
            vec!["serve", "shop"],
            "shop has no gate.yaml; write one there, or name the configuration with --config",
        ),
    ] {
        let refused = tidegate_in(dir.path(), &args, b"");
        assert_eq!(refused.code, 3, "{args:?}: {}", refused.err);
        assert!(refused.err.contains(says), "{args:?}: {}", refused.err);
    }
    let two = tidegate_in(dir.path(), &["serve", "shop", "--policy", "."], b"");
    assert_eq!(two.code, 2, "{}", two.err);
}
