//! The policy of a folder: a component without data of its own. It takes its bundle once, when it is prepared, and the
//! snapshot that follows keeps it. Knows no folder.

use tidegate_policy::{Bundle, Code, Policy, PolicyError, export_policy};

/// The environment variable with the bundle as one document. It is set while the component is prepared.
pub const BUNDLE: &str = "TIDEGATE_BUNDLE";

/// Makes the policy of the bundle.
pub fn policy() -> Result<Policy, PolicyError> {
    let document = std::env::var(BUNDLE).unwrap_or_default();
    Policy::new(&Bundle::from_document(&document)?, Code::default())
}

export_policy!(policy);
