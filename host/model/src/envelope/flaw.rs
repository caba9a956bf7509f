//! What can be wrong with an envelope, apart from the event in it. Knows no form of an envelope.

use tidegate_engine::Violation;

use crate::attributes::BadAttributes;

/// What is wrong with an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Another version of the specification.
    #[error("specversion is {0:?}, and 1.x can be read")]
    Version(String),
    /// An attribute that every CloudEvent has is not there.
    #[error(
        "the attribute {0} is missing: a CloudEvent has specversion, id, source and type, each a text that is not empty"
    )]
    Missing(&'static str),
    /// Two readers could read it differently.
    #[error("the member {0:?} is there more than once")]
    Twice(String),
    /// The attributes cannot be kept.
    #[error(transparent)]
    Attributes(#[from] BadAttributes),
    /// The value of a header is not text.
    #[error("the value of the attribute {0:?} is not UTF-8")]
    NotUtf8(String),
    /// Headers were too long or too many to be read.
    #[error(
        "{0} headers with attributes are too long or too many to be read (`limits.header_bytes`, `limits.header_count`)"
    )]
    LeftOut(u32),
    /// There is nothing in it.
    #[error("it has neither data nor data_base64")]
    NoData,
    /// Two readers could read it differently.
    #[error("it has both data and data_base64")]
    TwoData,
    /// The data cannot be read.
    #[error("data_base64 is not base64 (RFC 4648, section 4, with padding)")]
    NotBase64,
}

impl Flaw {
    /// As a violation: it is said of the envelope, and no policy is asked.
    pub fn violation(&self) -> Violation {
        Violation {
            code: "envelope".to_owned(),
            path: String::new(),
            message: format!("the CloudEvent cannot be read: {self}"),
            rule: None,
            version: None,
        }
    }
}
