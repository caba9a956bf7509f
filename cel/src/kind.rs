//! The kinds of values, as far as they are known before there is a document. What can only be wrong is refused then.

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Known only when there is a document.
    Any,
    Null,
    Bool,
    /// A number that has no fraction, whatever the document is.
    Integer,
    Number,
    Text,
    List,
    Map,
    Timestamp,
    Duration,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a duration",
        }
    }

    /// Whether a value of this kind may be one of another.
    pub(crate) fn may_be(self, other: Self) -> bool {
        self == Self::Any || other == Self::Any || self.is(other) || other.is(self)
    }

    /// Whether every value of this kind is one of another.
    pub(crate) fn is(self, other: Self) -> bool {
        self == other || (self == Self::Integer && other == Self::Number)
    }

    /// The kind of what is one or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one.is(other) => other,
            (one, other) if other.is(one) => one,
            _ => Self::Any,
        }
    }
}
