//! The last part of an attribute that ends with a version, such as `2` of `https://example.com/order/v2.json`. Knows no event.

use std::ops::Range;

use crate::policy::Policy;

/// What such a part begins after.
const SEPARATORS: [char; 2] = ['/', ':'];

/// What a query and a fragment begin with. They belong to the last part, so that no version is guessed from them.
const PARAMETERS: [char; 2] = ['?', '#'];

/// What may follow it.
const EXTENSION: &str = ".json";

impl Policy {
    /// Where the last part stands: without an extension, and without a `v` in front, unless versions are called so.
    pub(crate) fn last_part(&self, text: &str) -> Range<usize> {
        let end = text.strip_suffix(EXTENSION).unwrap_or(text).len();
        let path = text.find(PARAMETERS).unwrap_or(end).min(end);
        let start = text[..path].rfind(SEPARATORS).map_or(0, |at| at + 1);
        let part = &text[start..end];
        let is_version = || self.types.iter().any(|kind| kind.version_at(part).is_some());
        let has_v = part.starts_with('v') && !is_version();
        start + usize::from(has_v)..end
    }

    /// The text with another last part.
    pub(crate) fn with_last_part(&self, text: &str, part: &str) -> String {
        let Range { start, end } = self.last_part(text);
        [&text[..start], part, &text[end..]].concat()
    }
}
