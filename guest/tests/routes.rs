//! Which way an event takes between versions: the fewest lossy steps, then the fewest steps, then the first in the manifest.

use rstest::rstest;
use tidegate_policy::{Bundle, Code, Policy};

/// A policy with the versions 1 to 4 of a type, and these migrations. `!` marks one that is lossy upwards.
fn policy(migrations: &[&str]) -> Policy {
    let migration = |ends: &&str| {
        let (ends, operations) = match ends.strip_suffix('!') {
            Some(ends) => (ends, r#"[{ "remove": { "at": "/x", "lossy": true } }]"#),
            None => (*ends, "[]"),
        };
        let (from, to) = ends.split_once('>').expect("two versions");
        format!(r#"{{ "from": "{from}", "to": "{to}", "do": {operations} }}"#)
    };
    let migrations: Vec<String> = migrations.iter().map(migration).collect();
    let files = [1, 2, 3, 4].map(|version| {
        format!(r#"{{ "name": "{version}.json", "text": "{{\"examples\":[{{\"id\":\"i\",\"type\":\"t\",\"v\":\"{version}\"}}]}}" }}"#)
    });
    let document = format!(
        r#"{{ "manifest": {{ "name": "p", "version": "1", "envelope": {{ "id": "/id", "type": "/type", "version": "/v" }},
              "event_types": {{ "t": {{ "channel": "c", "default_version": "1",
                "versions": {{ "1": "1.json", "2": "2.json", "3": "3.json", "4": "4.json" }}, "migrations": [{}] }} }} }},
              "files": [{}] }}"#,
        migrations.join(","),
        files.join(",")
    );
    Policy::new(&Bundle::from_document(&document).expect("a bundle"), Code::default()).expect("a policy")
}

#[rstest]
#[case::fewest_steps(&["1>2", "2>3", "3>4", "1>4"], "1 4")]
#[case::fewer_lossy_steps_before_fewer_steps(&["1>4!", "1>2", "2>3", "3>4"], "1 2 3 4")]
#[case::one_lossy_step_before_two(&["1>2!", "2>4!", "1>3", "3>4!"], "1 3 4")]
#[case::the_first_of_the_manifest(&["1>2", "1>3", "2>4", "3>4"], "1 2 4")]
#[case::the_first_of_the_manifest_whatever_the_versions_are(&["1>3", "1>2", "2>4", "3>4"], "1 3 4")]
#[case::down_a_migration_that_is_written_up(&["4>3", "3>1", "1>2"], "1 3 4")]
fn the_best_way_is_taken(#[case] migrations: &[&str], #[case] way: &str) {
    let policy = policy(migrations);
    let migrated = policy
        .migrate(br#"{"id":"i","type":"t","v":"1"}"#, &[], "4")
        .expect("a way");
    assert_eq!(migrated.path.join(" "), way);
}
