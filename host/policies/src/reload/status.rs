//! What the loading of policies is at, for whoever looks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tidegate_model::clock;

/// What the loading of policies is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Status {
    /// The file is watched; what it holds judges, or was left.
    Ready,
    /// A policy is being loaded.
    Loading {
        /// How far it is.
        step: Step,
        /// Since when, RFC 3339.
        since: String,
    },
    /// What the file holds is not taken.
    Refused {
        /// Why.
        why: String,
        /// Its digest, when it could be read.
        digest: Option<String>,
        /// When, RFC 3339.
        at: String,
    },
    /// The file is not watched.
    Off,
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The file may still be written to.
    Settling,
    /// It is read.
    Reading,
    /// It is compiled, or its compiled code is fetched.
    Compiling,
    /// It is tried on its own examples.
    Testing,
}

/// Holds the status.
#[derive(Debug)]
pub(super) struct Board {
    is_on: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of what the file held when it was read last.
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

impl Board {
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            state: Mutex::default(),
        }
    }

    pub(super) fn status(&self) -> Status {
        let state = self.state();
        match (&state.loading, &state.refused) {
            (Some((step, since)), _) => Status::Loading {
                step: *step,
                since: since.clone(),
            },
            (None, Some(refused)) => Status::Refused {
                why: refused.why.clone(),
                digest: refused.digest.clone(),
                at: refused.at.clone(),
            },
            (None, None) if self.is_on => Status::Ready,
            (None, None) => Status::Off,
        }
    }

    pub(super) fn loading(&self, step: Step) {
        let mut state = self.state();
        let since = state.loading.take().map_or_else(clock::now, |(_, since)| since);
        state.loading = Some((step, since));
    }

    /// What the file holds was taken.
    pub(super) fn done(&self, digest: String) {
        *self.state() = State {
            digest: Some(digest),
            ..State::default()
        };
    }

    /// Digest of what the file held when it was taken last.
    pub(super) fn digest(&self) -> Option<String> {
        self.state().digest.clone()
    }

    /// A load has ended that says nothing of the file.
    pub(super) fn idle(&self) {
        self.state().loading = None;
    }

    /// What the file holds is not taken; `report` is called when that was not known, before anybody can see it here.
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
