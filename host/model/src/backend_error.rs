//! Why a call of a backend failed. Knows no backend.

use std::error::Error;

/// Why a call of a backend failed.
#[derive(Debug, thiserror::Error)]
#[error("{action} failed: {reason}")]
pub struct BackendError {
    /// The call, with its names.
    pub action: String,
    /// Why it failed.
    pub reason: String,
    /// The text of the response. It may quote an event, so it is kept out of logs.
    pub answer: Option<String>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl BackendError {
    /// The backend refused.
    pub fn refused(action: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            reason: reason.into(),
            answer: None,
            source: None,
        }
    }

    /// The backend did not respond, or its response cannot be read.
    pub fn broken(action: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self {
            action: action.into(),
            reason: source.to_string(),
            answer: None,
            source: Some(source),
        }
    }
}
