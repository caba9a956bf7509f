//! The rules of the builtin policy: what must be true of an event and no schema can express. They are asked whether or not the
//! event is valid otherwise. Knows no schema.

use serde_json::Value;

use crate::contract::Violation;
use crate::steps::Members;

/// What must be true of an event.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its id: the code of its violations too.
    pub id: &'static str,
    /// What is wrong with an event, if it breaks the rule: where, and why.
    pub check: fn(&Members) -> Option<(&'static str, &'static str)>,
}

/// The rules of the builtin policy.
pub(crate) const RULES: &[Rule] = &[Rule {
    id: "empty-user-id",
    check: user_is_named,
}];

impl Rule {
    /// The violation, if an event breaks the rule.
    pub(crate) fn violation(&self, event: &Members) -> Option<Violation> {
        let (path, message) = (self.check)(event)?;
        Some(Violation::of_rule(self.id, path, message))
    }
}

/// A user is more than white space.
fn user_is_named(event: &Members) -> Option<(&'static str, &'static str)> {
    let user = event.get("user_id").and_then(Value::as_str)?;
    let is_blank = user.trim().is_empty();
    is_blank.then_some(("/user_id", "user_id must not be empty or only white space"))
}
