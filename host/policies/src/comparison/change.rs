//! A difference between the answers of two policies, as it is reported. Knows nothing of how answers are compared.

use serde::Serialize;

/// Characters that are kept of a code, a path or a value.
const KEPT: usize = 256;

/// One kind of difference between two answers for an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// In words, the same for all events with this difference.
    pub kind: String,
    /// Where, and with what.
    pub detail: Detail,
}

/// The details of a change.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// Where in the output: JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pointers: Vec<String>,
    /// Why the live policy rejects the event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live_violations: Vec<ViolationSummary>,
    /// Why the shadow policy rejects it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadow_violations: Vec<ViolationSummary>,
    /// The values there, where they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Values>,
}

/// A violation without its message, which may quote the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ViolationSummary {
    /// What kind of violation it is.
    pub code: String,
    /// Where: a JSON Pointer.
    pub path: String,
}

/// A value of the live policy and that of the shadow policy; `None`: there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Values {
    /// Where: a JSON Pointer, or `key` or `id` of an output.
    pub path: String,
    /// Of the live policy.
    pub live: Option<String>,
    /// Of the shadow policy.
    pub shadow: Option<String>,
}

/// The beginning of a text of any length.
pub(crate) fn cut(text: &str) -> String {
    tidegate_text::cut::after(text, KEPT).into_owned()
}
