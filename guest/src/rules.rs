//! The rules of the builtin policy: what must be true of an event and no schema can express. They are asked whether or not the
//! event is valid otherwise. Knows no schema.

use serde_json::Value;

use crate::contract::Violation;
use crate::steps::Members;

/// Says what is wrong with an event, if it breaks the rule.
pub type Rule = fn(&Members) -> Option<Violation>;

/// The rules of the builtin policy.
pub(crate) const RULES: &[Rule] = &[user_is_named];

/// A user is more than white space.
fn user_is_named(event: &Members) -> Option<Violation> {
    let user = event.get("user_id").and_then(Value::as_str)?;
    let message = "user_id must not be empty or only white space";
    let is_blank = user.trim().is_empty();
    is_blank.then(|| Violation::new("empty-user-id", "/user_id", message))
}
