//! A loaded policy: the functions of the contract as methods. Knows nothing of files and loading.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::DateTime;
use serde::Serialize;

use crate::{
    call::Caller,
    contract::{
        Accepted, Attribute, Composed, Context, Decided, Migrated, MigrationCause, MigrationFailure, PolicyCatalog,
        Rejection, RejectionCause, RetryPlan, Schedule, Violation,
    },
    digest::Digest,
    fault::Fault,
};

/// A policy, ready to be called from any number of tasks. Dropping the future of a call abandons the call.
pub struct Policy {
    pub(crate) caller: Caller,
    /// The instance in which its bundle was proven, for its first self-test: all schemas are compiled there.
    pub(crate) proof: Mutex<Option<Caller>>,
    pub(crate) digest: Digest,
    pub(crate) catalog: PolicyCatalog,
    pub(crate) report: LoadReport,
}

/// How a policy was loaded.
#[derive(Debug, Clone, Serialize)]
pub struct LoadReport {
    /// Interfaces that the component imports.
    pub imports: Vec<String>,
    /// Interfaces and functions that it exports.
    pub exports: Vec<String>,
    /// Size of the file in bytes.
    pub bytes: usize,
    /// True when compiled code was found in the cache.
    pub from_cache: bool,
    /// True for a policy of plain files that another program has built: its code is as foreign as any.
    pub other_build: bool,
    /// Time for the snapshot after `prepare`, when one was made.
    pub snapshot: Option<Duration>,
    /// Time for compiling, when it was not in the cache.
    pub compile: Option<Duration>,
    /// Time for the whole load.
    pub total: Duration,
    /// Memory of an instance that is ready to be called, in bytes.
    pub instance_bytes: usize,
}

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The policy misbehaved. This says nothing about the event.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The time to judge by is none.
    #[error("now must be a date and time with an offset (RFC 3339), such as 2026-03-01T09:30:00Z, and is {0:?}")]
    NotATime(String),
}

impl Policy {
    /// Judges an event, with its CloudEvents attributes, and says what to send.
    pub async fn process(
        &self,
        event: &[u8],
        attributes: &[Attribute],
        context: &Context,
    ) -> Result<Decided, CallError> {
        if !is_time(&context.now) {
            return Err(CallError::NotATime(context.now.clone()));
        }
        match self.text(event) {
            Ok(event) => Ok(self.caller.call_process(event, attributes, context).await?),
            Err(violation) => Ok(Decided::reject(violation)),
        }
    }

    /// Judges an event without deciding what to send.
    pub async fn validate(&self, event: &[u8], attributes: &[Attribute]) -> Result<Result<Accepted, Rejection>, Fault> {
        match self.text(event) {
            Ok(event) => self.caller.call_validate(event, attributes).await,
            Err(violation) => Ok(Err(unreadable(violation))),
        }
    }

    /// Brings an event to the version `to_version`.
    pub async fn migrate(
        &self,
        event: &[u8],
        attributes: &[Attribute],
        to_version: &str,
    ) -> Result<Result<Migrated, MigrationFailure>, Fault> {
        match self.text(event) {
            Ok(event) => self.caller.call_migrate(event, attributes, to_version).await,
            Err(violation) => Ok(Err(MigrationFailure {
                cause: MigrationCause::Rejected,
                event_type: None,
                from_version: None,
                to_version: to_version.to_owned(),
                violations: vec![violation],
            })),
        }
    }

    /// Completes an event of a publisher: adds the id and the time that it does not state. `now` is RFC 3339.
    pub async fn compose(
        &self,
        event: &[u8],
        attributes: &[Attribute],
        id: &str,
        now: &str,
    ) -> Result<Result<Composed, Rejection>, Fault> {
        match self.text(event) {
            Ok(event) => self.caller.call_compose(event, attributes, id, now).await,
            Err(violation) => Ok(Err(unreadable(violation))),
        }
    }

    /// The event as the text that the contract takes. Bytes that are not UTF-8, or more than the policy's limit, do not reach
    /// the policy. They get the violation that the policy would give, so that the cost of a call is bounded.
    pub fn text<'a>(&self, event: &'a [u8]) -> Result<&'a str, Violation> {
        let limit = self.catalog.limits.event_bytes;
        let violation = |code: &str, message| Violation {
            code: code.to_owned(),
            path: String::new(),
            message,
            rule: None,
            version: None,
        };
        if event.len() > limit as usize {
            let message = format!("{} bytes; at most {limit} are allowed", event.len());
            return Err(violation("too-large", message));
        }
        std::str::from_utf8(event).map_err(|error| {
            let message = format!("not UTF-8 at byte {}", error.valid_up_to() + 1);
            violation("not-utf8", message)
        })
    }

    /// The same policy in the instance in which it was proven, once; `None`: it was not, or that instance is gone.
    pub(crate) fn take_proof(&self) -> Option<Self> {
        let proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner).take();
        Some(Self {
            caller: proof?,
            proof: Mutex::default(),
            digest: self.digest.clone(),
            catalog: self.catalog.clone(),
            report: self.report.clone(),
        })
    }

    /// The retries of an event type; for an unknown one, the policy's default.
    pub async fn schedule_for(&self, event_type: &str) -> Result<Schedule, Fault> {
        self.caller.call_schedule_for(event_type).await
    }

    /// What follows when attempt number `attempt` failed; the first attempt is 0.
    pub async fn next_attempt(&self, event_type: &str, attempt: u32) -> Result<RetryPlan, Fault> {
        self.caller.call_next_attempt(event_type, attempt).await
    }

    /// `json.validate` of the contract: text to text.
    pub async fn json_validate(&self, event: &str, attributes: &str) -> Result<String, Fault> {
        self.caller.call_json_validate(event, attributes).await
    }

    /// `json.migrate` of the contract: text to text.
    pub async fn json_migrate(&self, request: &str, attributes: &str) -> Result<String, Fault> {
        self.caller.call_json_migrate(request, attributes).await
    }

    /// `json.next-attempt` of the contract: text to text.
    pub async fn json_next_attempt(&self, request: &str) -> Result<String, Fault> {
        self.caller.call_json_next_attempt(request).await
    }

    /// `json.process` of the contract: text to text.
    pub async fn json_process(&self, request: &str, attributes: &str) -> Result<String, Fault> {
        self.caller.call_json_process(request, attributes).await
    }

    /// `json.catalog` of the contract, as text.
    pub async fn json_catalog(&self) -> Result<String, Fault> {
        self.caller.call_json_catalog().await
    }

    /// What the policy knows, as it was when the policy was loaded.
    pub fn catalog(&self) -> &PolicyCatalog {
        &self.catalog
    }

    /// SHA-256 of its file.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How it was loaded.
    pub fn load_report(&self) -> &LoadReport {
        &self.report
    }
}

fn unreadable(violation: Violation) -> Rejection {
    Rejection {
        cause: RejectionCause::Unreadable,
        event_id: None,
        event_type: None,
        violations: vec![violation],
    }
}

/// Whether a text is a date and time with an offset (RFC 3339), as policies read it: a space is no `T`.
pub fn is_time(text: &str) -> bool {
    matches!(text.as_bytes().get(10), Some(b'T' | b't')) && DateTime::parse_from_rfc3339(text).is_ok()
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.catalog.name)
            .field("version", &self.catalog.version)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl LoadReport {
    pub(crate) fn new(imports: Vec<String>, exports: Vec<String>, bytes: usize) -> Self {
        Self {
            imports,
            exports,
            bytes,
            from_cache: false,
            other_build: false,
            snapshot: None,
            compile: None,
            total: Duration::ZERO,
            instance_bytes: 0,
        }
    }
}
