//! The problem document (RFC 9457) with which a gate refuses a request, as far as it is shown. Untrusted: another server may
//! have sent it.

use std::fmt;

use serde::Deserialize;

use super::words::{cut, visible};

/// Characters of the detail that are shown.
const DETAIL: usize = 2000;

/// Why a gate refuses.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    detail: String,
}

impl Problem {
    /// From the body of an answer, whatever it is.
    pub(super) fn read(body: &str) -> Self {
        serde_json::from_str(body).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible(&self.title))?;
        if !self.detail.is_empty() {
            write!(f, ": {}", cut(&self.detail, DETAIL))?;
        }
        Ok(())
    }
}
