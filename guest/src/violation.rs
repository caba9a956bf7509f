//! Violations: what is wrong with an event, and where. Knows nothing of schemas, versions or channels.
//!
//! Messages are written to logs. So they never contain values of the event, only names, and those cut and escaped. What a
//! hostile event could inflate is bounded: at most [`MAX_VIOLATIONS`] are listed, and a path longer than [`MAX_PATH_BYTES`] is
//! replaced by the path of a value that contains the one at fault.

pub(crate) use tidegate_text::quote::quoted;
use tidegate_text::{pointer, quote};

use crate::contract::Violation;

/// How many violations of one event are listed; the others are left out.
pub const MAX_VIOLATIONS: usize = 100;

/// The longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 1024;

impl Violation {
    /// A violation with this code at this path.
    pub fn new(code: &str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            path: path.into(),
            message: message.into(),
            rule: None,
            version: None,
        }
    }

    /// An event breaks a rule of the policy. The rule's id is the code too.
    pub fn of_rule(rule: &str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule: Some(rule.to_owned()),
            ..Self::new(rule, path, message)
        }
    }
}

/// The codes that do not come from a keyword of a schema.
pub mod code {
    /// Longer than the limit, or of more than 65,536 values.
    pub const TOO_LARGE: &str = "too-large";
    /// Not UTF-8.
    pub const NOT_UTF8: &str = "not-utf8";
    /// Not JSON.
    pub const NOT_JSON: &str = "not-json";
    /// Nested deeper than the limit.
    pub const TOO_DEEP: &str = "too-deep";
    /// A member name twice in one object.
    pub const DUPLICATE_MEMBER: &str = "duplicate-member";
    /// JSON, but not an object.
    pub const NOT_AN_OBJECT: &str = "not-an-object";
    /// A member and an attribute state the same name differently.
    pub const AMBIGUOUS: &str = "ambiguous";
    /// The event type is not in the catalog.
    pub const UNKNOWN_EVENT_TYPE: &str = "unknown-event-type";
    /// A type that the policy sends and never accepts.
    pub const EMITTED_ONLY: &str = "emitted-only";
    /// The version is not one of the type's.
    pub const UNKNOWN_VERSION: &str = "unknown-version";
    /// No steps lead from one version to the other.
    pub const NO_PATH: &str = "no-path";
    /// A step could not be applied, or its result is not valid.
    pub const MIGRATION_FAILED: &str = "migration-failed";
    /// An event that follows from this one cannot be made, or is not valid.
    pub const EMIT_FAILED: &str = "emit-failed";
    /// A member is missing.
    pub const REQUIRED: &str = "required";
    /// A value of the wrong JSON type.
    pub const TYPE: &str = "type";
    /// A text that is too short.
    pub const MIN_LENGTH: &str = "min-length";
    /// A value that is too large.
    pub const MAXIMUM: &str = "maximum";
    /// A text without the required form.
    pub const FORMAT: &str = "format";
    /// An expression of the policy cannot be evaluated for the event.
    pub const RULE_ERROR: &str = "rule-error";
    /// An expression of the policy takes too many steps for the event.
    pub const RULE_COST: &str = "rule-cost";
    /// A keyword of a schema that has no code of its own.
    pub const SCHEMA: &str = "schema";
}

/// Sorts violations into their stable order, by path and then by code, without duplicates and at most [`MAX_VIOLATIONS`].
pub(crate) fn in_order(mut violations: Vec<Violation>) -> Vec<Violation> {
    violations.sort_by(|a, b| (&a.path, &a.code, &a.message).cmp(&(&b.path, &b.code, &b.message)));
    violations.dedup();
    violations.truncate(MAX_VIOLATIONS);
    violations
}

/// The first of several violations in one line, and how many more there are.
pub(crate) fn summary(violations: &[Violation]) -> String {
    quote::summary(violations.iter().map(|one| [&*one.code, &*one.path, &*one.message]))
}

/// The pointer to `path` inside the member `name`. When it would be too long, the pointer to the member; when even that would
/// be, the pointer to the container.
pub(crate) fn under(name: &str, path: &str) -> String {
    if name.len() >= MAX_PATH_BYTES {
        return String::new();
    }
    let mut pointer = String::with_capacity(1 + name.len() + path.len());
    pointer::push(&mut pointer, name);
    if pointer.len() > MAX_PATH_BYTES {
        return String::new();
    }
    if pointer.len() + path.len() <= MAX_PATH_BYTES {
        pointer.push_str(path);
    }
    pointer
}
