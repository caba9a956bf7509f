//! The state of the reload, as the admin listener and the probes report it. Knows no file and no policy.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tidegate_model::clock;

/// The state of the reload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Status {
    /// The file is watched. Its policy is the current one, or was replaced on request.
    Ready,
    /// A policy is being loaded.
    Loading {
        /// The current step.
        step: Step,
        /// Since when, RFC 3339.
        since: String,
    },
    /// The file is refused.
    Refused {
        /// Why.
        why: String,
        /// Its digest, where it could be read.
        digest: Option<String>,
        /// When, RFC 3339.
        at: String,
    },
    /// The file is not watched.
    Off,
}

/// A step of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Waiting until the file does not change any more.
    Settling,
    /// Reading the file.
    Reading,
    /// Compiling it, or loading its compiled code.
    Compiling,
    /// Running its self-test.
    Testing,
}

/// Tracks the status.
#[derive(Debug)]
pub(super) struct StatusTracker {
    is_followed: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the file that was loaded last.
    digest: Option<String>,
    loading: Option<(Step, String)>,
    refused: Option<Refused>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Refused {
    why: String,
    digest: Option<String>,
    at: String,
}

impl StatusTracker {
    pub(super) fn new(is_followed: bool) -> Self {
        Self {
            is_followed,
            state: Mutex::default(),
        }
    }

    /// `pending`: since when a change of the file waits to be read.
    pub(super) fn status(&self, pending: Option<String>) -> Status {
        let state = self.state();
        let settling = || pending.map(|since| (Step::Settling, since));
        let loading = state.loading.clone().or_else(settling);
        match (loading, &state.refused) {
            (Some((step, since)), _) => Status::Loading { step, since },
            (None, Some(refused)) => Status::Refused {
                why: refused.why.clone(),
                digest: refused.digest.clone(),
                at: refused.at.clone(),
            },
            (None, None) => self.idle_status(),
        }
    }

    /// The status while nothing is loaded and nothing is refused.
    pub(super) const fn idle_status(&self) -> Status {
        if self.is_followed { Status::Ready } else { Status::Off }
    }

    pub(super) fn loading(&self, step: Step) {
        let mut state = self.state();
        let since = state.loading.take().map_or_else(clock::now, |(_, since)| since);
        state.loading = Some((step, since));
    }

    /// The file was loaded.
    pub(super) fn loaded(&self, digest: String) {
        *self.state() = State {
            digest: Some(digest),
            ..State::default()
        };
    }

    /// Digest of the file that was loaded last.
    pub(super) fn last_loaded(&self) -> Option<String> {
        self.state().digest.clone()
    }

    /// The policy of this digest may run again: if it is what is refused, it is not any more.
    pub(super) fn allowed(&self, digest: &str) {
        let mut state = self.state();
        if state
            .refused
            .as_ref()
            .is_some_and(|refused| refused.digest.as_deref() == Some(digest))
        {
            state.refused = None;
        }
    }

    /// A load ended, without a result for the file.
    pub(super) fn idle(&self) {
        self.state().loading = None;
    }

    /// The file is refused. `report` is called if that is new, before the status shows it.
    pub(super) fn refused(&self, why: &str, digest: Option<&str>, report: impl FnOnce()) {
        let mut state = self.state();
        state.loading = None;
        let known = state.refused.as_ref();
        if known.is_some_and(|known| known.why == why && known.digest.as_deref() == digest) {
            return;
        }
        report();
        state.refused = Some(Refused {
            why: why.to_owned(),
            digest: digest.map(str::to_owned),
            at: clock::now(),
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
