//! The policy of a folder: a component without data of its own. Its bundle comes as data: to each instance by `configure`, or once,
//! when it is prepared, so that the snapshot that follows keeps it. Knows no folder.

use std::sync::{Mutex, PoisonError};

use tidegate_policy::{Bundle, Code, Policy, PolicyError, export_policy};

/// The environment variable with the bundle as one document. It is set while the component is prepared.
pub const BUNDLE: &str = "TIDEGATE_BUNDLE";

/// What `configure` has made.
static CONFIGURED: Mutex<Option<Policy>> = Mutex::new(None);

/// The policy of the bundle: the one that was configured, or that of the environment.
pub fn policy() -> Result<Policy, PolicyError> {
    let configured = CONFIGURED.lock().unwrap_or_else(PoisonError::into_inner).take();
    configured.map_or_else(|| of(&std::env::var(BUNDLE).unwrap_or_default()), Ok)
}

fn of(document: &str) -> Result<Policy, PolicyError> {
    Policy::new(&Bundle::from_document(document)?, Code::default())
}

export_policy!(policy);

/// The export `configure`.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, unreachable_pub, clippy::pedantic, reason = "generated code")]
mod configurable {
    use tidegate_policy::component::reason;

    wit_bindgen::generate!({ path: "../wit", world: "configurable" });

    struct Configurable;

    impl Guest for Configurable {
        fn configure(bundle: String) -> Result<(), String> {
            let policy = super::of(&bundle).map_err(|error| reason(&error))?;
            *super::CONFIGURED.lock().unwrap_or_else(super::PoisonError::into_inner) = Some(policy);
            Ok(())
        }
    }

    export!(Configurable);
}
