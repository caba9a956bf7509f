//! Which dead letters a command uses. Knows nothing of where they come from.

use clap::Args;
use tidegate_model::dead_letter::DeadLetter;

use super::super::digest::DigestPrefix;

/// Which dead letters to use.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only dead letters of events of this type.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only dead letters whose error contains this text; upper and lower case are the same.
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Only dead letters of this revision: the digest of its policy, or its first digits, at least eight.
    #[arg(long, value_name = "DIGEST")]
    revision: Option<DigestPrefix>,
    /// Stop after this many.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Filter {
    pub(super) fn matches(&self, letter: &DeadLetter) -> bool {
        let has_type = self
            .event_type
            .as_ref()
            .is_none_or(|wanted| letter.names.event_type.as_ref() == Some(wanted));
        let has_error = self
            .error
            .as_ref()
            .is_none_or(|text| letter.error.to_lowercase().contains(&text.to_lowercase()));
        has_type
            && has_error
            && self
                .revision
                .as_ref()
                .is_none_or(|digest| digest.matches(&letter.policy))
    }

    pub(super) fn most(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }
}
