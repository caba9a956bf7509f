//! A difference between the answers of two policies, as it is reported. Knows nothing of how answers are compared.

use serde::Serialize;

/// Characters that are kept of a code, a path or a value.
const KEPT: usize = 256;

/// One kind of difference between two answers for an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// In words, the same for all events with this difference.
    pub(super) kind: String,
    pub(super) detail: Detail,
}

/// The details of a change.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    /// Where in the output: JSON Pointers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pointers: Vec<String>,
    /// Why the live policy rejects the event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) live_violations: Vec<ViolationSummary>,
    /// Why the shadow policy rejects it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shadow_violations: Vec<ViolationSummary>,
    /// The values there, where they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<Values>,
}

/// A violation without its message, which may quote the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct ViolationSummary {
    pub(super) code: String,
    pub(super) path: String,
}

/// A value of the live policy and that of the shadow policy; `None`: there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Values {
    /// Where: a JSON Pointer, or `key` or `id` of an output.
    pub(super) path: String,
    pub(super) live: Option<String>,
    pub(super) shadow: Option<String>,
}

/// The beginning of a text of any length.
pub(super) fn cut(text: &str) -> String {
    tidegate_text::cut::after(text, KEPT).into_owned()
}
