//! Why nothing can be inferred.

/// Why nothing can be inferred.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// There are no samples.
    #[error("there is no event to infer from")]
    Empty,
    /// A sample is no object.
    #[error("line {line} is no event: an event is a JSON object")]
    NoObject {
        /// Its line.
        line: usize,
    },
    /// The data of a CloudEvent is not JSON.
    #[error("line {line} is a CloudEvent whose data is not JSON")]
    NotJson {
        /// Its line.
        line: usize,
    },
    /// No member tells the types apart.
    #[error(
        "no member that all events have looks like their type: a text such as `type`, `event` or `kind` that is the same for many of \
         them; add one, or send them as CloudEvents"
    )]
    NoType,
    /// One member seems to be the type, and has too many values for that.
    #[error("the events have {found} types at {place}, their versions counted, and a policy has at most {most}")]
    TooManyTypes {
        /// Where they state it.
        place: String,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
}
