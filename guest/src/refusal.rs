//! Why an operation refuses an event: a closed set of named reasons. Knows no operation.

/// Why an operation refuses an event. The text begins with the name of the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("member-exists: there is such a member already")]
    MemberExists,
    #[error("member-absent: it has no such member, and the way back would add one")]
    MemberAbsent,
    #[error("value-differs: it has another value than the migration names, which would be lost")]
    ValueDiffers,
    #[error("no-object: the object that it moves to is absent")]
    NoObject,
    #[error("not-an-object: must be an object")]
    NotAnObject,
    #[error("not-an-array: must be an array")]
    NotAnArray,
    #[error("not-a-string: only strings are mapped")]
    NotAString,
    #[error("unmapped: the migration names no value for it")]
    Unmapped,
    #[error("not-alone: must be an object with the member {0} and no other")]
    NotAlone(String),
    #[error("not-convertible: must be {is}, to become {becomes}")]
    NotConvertible { is: &'static str, becomes: &'static str },
}
