//! A policy with two versions of a type and a migration between them, and events of it.

use tidegate_policy::{Bundle, Code, Policy, PolicyError, read_exact};

/// A policy with these operations from version 1 to 2.
pub(crate) fn policy(operations: &str) -> Result<Policy, PolicyError> {
    policy_of(&format!(r#"{{ "from": "1", "to": "2", "do": {operations} }}"#), "")
}

/// A policy with these migrations of the type, and these for several types.
pub(crate) fn policy_of(own: &str, shared: &str) -> Result<Policy, PolicyError> {
    let manifest = format!(
        r#"{{ "name": "p", "version": "1", "envelope": {{ "id": "/id", "type": "/type", "version": "/v", "key": "/id" }},
              "event_types": {{ "t": {{ "channel": "c", "versions": {{ "1": "1.json", "2": "2.json" }}, "default_version": "1",
                "migrations": [{own}] }} }}, "migrations": [{shared}] }}"#
    );
    let example = |version: u8| format!(r#"{{ "examples": [{{ "id": "i", "type": "t", "v": "{version}" }}] }}"#);
    let document = format!(
        r#"{{ "manifest": {manifest}, "files": [{{ "name": "1.json", "text": {:?} }}, {{ "name": "2.json", "text": {:?} }}] }}"#,
        example(1),
        example(2)
    );
    // As it is stored: what a bundle writes, it reads.
    let stored = Bundle::from_document(&document)?.to_document()?;
    Policy::new(&Bundle::from_document(&stored)?, Code::default())
}

/// An event of a version with these other members, an object as text.
pub(crate) fn event(version: u8, members: &str) -> String {
    let members = read_exact(members).expect("an object");
    let members = members.to_string();
    let separator = if members == "{}" { "" } else { "," };
    format!(r#"{{"id":"i","type":"t","v":"{version}"{separator}{}"#, &members[1..])
}

/// Migrates from one version to the other, and gives the text, or the path and the name of the reason.
pub(crate) fn migrate(policy: &Policy, event: &str, to: u8) -> Result<String, String> {
    let migrated = policy.migrate(event.as_bytes(), &[], &to.to_string());
    let text = migrated.map(|migrated| migrated.event.expect("a new text"));
    text.map_err(|failure| {
        let violation = &failure.violations[0];
        let reason = violation.message.split(": ").nth(1).unwrap_or(&violation.message);
        format!("{} {reason}", violation.path)
    })
}
