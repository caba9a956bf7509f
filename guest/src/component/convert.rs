//! The contract's records out of this crate's types and back. Member by member, and nothing else.

use super::bindings::exports::tidegate::policy::{gate, migration, validation};
use crate::Violation;

impl From<Violation> for validation::Violation {
    fn from(violation: Violation) -> Self {
        Self {
            code: violation.code,
            path: violation.path,
            message: violation.message,
        }
    }
}

impl From<validation::Violation> for Violation {
    fn from(violation: validation::Violation) -> Self {
        Self {
            code: violation.code,
            path: violation.path,
            message: violation.message,
        }
    }
}

impl From<crate::Rejection> for validation::Rejection {
    fn from(rejection: crate::Rejection) -> Self {
        Self {
            cause: match rejection.cause {
                crate::RejectionCause::Unreadable => validation::RejectionCause::Unreadable,
                crate::RejectionCause::Unknown => validation::RejectionCause::Unknown,
                crate::RejectionCause::Invalid => validation::RejectionCause::Invalid,
            },
            event_id: rejection.event_id,
            event_type: rejection.event_type,
            violations: convert(rejection.violations),
        }
    }
}

impl From<crate::MigrationFailure> for migration::MigrationFailure {
    fn from(failure: crate::MigrationFailure) -> Self {
        Self {
            cause: match failure.cause {
                crate::MigrationCause::Rejected => migration::MigrationCause::Rejected,
                crate::MigrationCause::NoPath => migration::MigrationCause::NoPath,
                crate::MigrationCause::StepFailed => migration::MigrationCause::StepFailed,
                crate::MigrationCause::InvalidResult => migration::MigrationCause::InvalidResult,
            },
            event_type: failure.event_type,
            from_version: failure.from_version,
            to_version: failure.to_version,
            violations: convert(failure.violations),
        }
    }
}

impl From<crate::Catalog> for validation::PolicyCatalog {
    fn from(catalog: crate::Catalog) -> Self {
        Self {
            name: catalog.name,
            version: catalog.version,
            event_types: catalog.event_types.into_iter().map(Into::into).collect(),
            channels: catalog.channels,
            limits: validation::Limits {
                event_bytes: catalog.limits.event_bytes,
                depth: catalog.limits.depth,
            },
        }
    }
}

impl From<crate::EventTypeInfo> for validation::EventTypeInfo {
    fn from(info: crate::EventTypeInfo) -> Self {
        let versions = info.versions.into_iter().map(|version| validation::VersionInfo {
            version: version.version,
            example: version.example,
        });
        Self {
            name: info.name,
            versions: versions.collect(),
            latest: info.latest,
            accepted: info.accepted,
            channel: info.channel,
            retry_delays_ms: info.retry_delays_ms,
        }
    }
}

impl From<crate::Decided> for gate::Decided {
    fn from(decided: crate::Decided) -> Self {
        Self {
            decision: match decided.decision {
                crate::Decision::Forward => gate::Decision::Forward,
                crate::Decision::Drop => gate::Decision::Drop,
                crate::Decision::Reject => gate::Decision::Reject,
            },
            reason: decided.reason,
            event_id: decided.event_id,
            event_type: decided.event_type,
            event_version: decided.event_version,
            outputs: convert(decided.outputs),
            violations: convert(decided.violations),
        }
    }
}

impl From<crate::Output> for gate::Output {
    fn from(output: crate::Output) -> Self {
        Self {
            channel: output.channel,
            key: output.key,
            id: output.id,
            event_type: output.event_type,
            event: output.event,
        }
    }
}

impl From<crate::Misuse> for gate::Misuse {
    fn from(misuse: crate::Misuse) -> Self {
        Self {
            message: misuse.message,
        }
    }
}

impl From<gate::Draft> for crate::Draft {
    fn from(draft: gate::Draft) -> Self {
        Self {
            event_type: draft.event_type,
            event_version: draft.event_version,
            task_id: draft.task_id,
            user_id: draft.user_id,
            payload: draft.payload,
            event_id: draft.event_id,
            timestamp: draft.timestamp,
        }
    }
}

impl From<gate::FailedEvent> for crate::FailedEvent {
    fn from(failed: gate::FailedEvent) -> Self {
        Self {
            original: failed.original,
            encoding: match failed.encoding {
                gate::Encoding::Text => crate::Encoding::Text,
                gate::Encoding::Base64 => crate::Encoding::Base64,
            },
            error: failed.error,
            retry_count: failed.retry_count,
            violations: convert(failed.violations),
            source: failed.source,
            policy: failed.policy,
        }
    }
}

fn convert<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(Into::into).collect()
}
