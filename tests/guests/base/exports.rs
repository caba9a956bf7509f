//! The exports of a component, for a [`Guest`].

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Value, json};

use crate::bindings::exports::tidegate::policy::{gate, json as texts, migration, retry, validation};
use crate::guest::Guest;
use crate::known::DELAYS_MS;

/// Makes the calling crate a component, for a type that is a [`Guest`].
#[macro_export]
macro_rules! export {
    ($guest:ident) => {
        #[allow(unsafe_code, unreachable_pub, reason = "generated code")]
        mod exported {
            type Exported = $crate::Exported<super::$guest>;
            $crate::bindings::export_component!(Exported with_types_in $crate::bindings);
        }
    };
}

/// The exports of a [`Guest`].
#[derive(Debug)]
pub struct Exported<G>(PhantomData<G>);

impl<G: Guest> crate::bindings::Guest for Exported<G> {
    fn prepare() {
        G::prepare();
    }
}

impl<G: Guest> validation::Guest for Exported<G> {
    fn validate(
        event: String,
        _attributes: Vec<validation::Attribute>,
    ) -> Result<validation::Accepted, validation::Rejection> {
        G::validate(&event)
    }

    fn catalog() -> validation::PolicyCatalog {
        G::catalog()
    }
}

impl<G: Guest> migration::Guest for Exported<G> {
    fn migrate(
        event: String,
        _attributes: Vec<migration::Attribute>,
        to_version: String,
    ) -> Result<migration::Migrated, migration::MigrationFailure> {
        let failure = |cause, violations| migration::MigrationFailure {
            cause,
            event_type: None,
            from_version: None,
            to_version: to_version.clone(),
            violations,
        };
        match G::validate(&event) {
            Ok(accepted) if accepted.event_version == to_version => Ok(migration::Migrated {
                event: None,
                attributes: Vec::new(),
                path: vec![to_version.clone()],
                from_version: accepted.event_version,
                to_version,
            }),
            Ok(_) => {
                let violation = validation::Violation {
                    code: "no-path".to_owned(),
                    path: "/event_version".to_owned(),
                    message: "this policy migrates nothing".to_owned(),
                    rule: None,
                    version: None,
                };
                Err(failure(migration::MigrationCause::NoPath, vec![violation]))
            }
            Err(rejection) => Err(failure(migration::MigrationCause::Rejected, rejection.violations)),
        }
    }
}

impl<G: Guest> retry::Guest for Exported<G> {
    fn schedule_for(_event_type: String) -> retry::Schedule {
        retry::Schedule {
            max_retries: 3,
            delays_ms: DELAYS_MS.to_vec(),
        }
    }

    fn next_attempt(_event_type: String, attempt: u32) -> retry::RetryPlan {
        match (DELAYS_MS.get(attempt as usize), attempt) {
            (Some(&delay_ms), attempt) => retry::RetryPlan {
                action: retry::Action::Retry,
                delay_ms,
                retries_left: 2 - attempt,
            },
            (None, _) => retry::RetryPlan {
                action: retry::Action::DeadLetter,
                delay_ms: 0,
                retries_left: 0,
            },
        }
    }
}

impl<G: Guest> gate::Guest for Exported<G> {
    fn process(event: String, _attributes: Vec<gate::Attribute>, context: gate::Context) -> gate::Decided {
        G::process(&event, context)
    }

    fn compose(
        event: String,
        _attributes: Vec<gate::Attribute>,
        _id: String,
        _now: String,
    ) -> Result<gate::Composed, gate::Rejection> {
        G::compose(&event)
    }
}

impl<G: Guest> texts::Guest for Exported<G> {
    fn validate(event: String, _attributes: String) -> String {
        json!({ "valid": G::validate(&event).is_ok() }).to_string()
    }

    fn migrate(_request: String, _attributes: String) -> String {
        r#"{"misuse":"this policy migrates nothing"}"#.to_owned()
    }

    fn next_attempt(_request: String) -> String {
        r#"{"action":"dead-letter","delay_ms":0,"retries_left":0}"#.to_owned()
    }

    fn process(request: String, _attributes: String) -> String {
        process::<G>(&request).to_string()
    }

    fn catalog() -> String {
        text(&G::catalog())
    }
}

/// `json.process`. A request without an event and a time is a misuse.
fn process<G: Guest>(request: &str) -> String {
    let request: Value = serde_json::from_str(request).unwrap_or_default();
    let member = |name: &str| request[name].as_str().map(str::to_owned);
    let (Some(event), Some(now)) = (member("event"), member("now")) else {
        return r#"{"misuse":"the request must have event and now"}"#.to_owned();
    };
    let target_version = member("target_version");
    let context = gate::Context {
        now,
        target_version,
        handed_back: false,
    };
    text(&G::process(&event, context))
}

/// A record of the contract as JSON, which cannot fail.
fn text(record: &impl Serialize) -> String {
    serde_json::to_string(record).unwrap_or_default()
}
