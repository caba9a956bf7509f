//! Proves a policy by events that are made from its schemas: that a migration makes valid events of valid events, that what goes
//! up comes back as it was, and that nothing fails in a way that the author has not named. What is wrong is shown by the smallest
//! event that was found.
//!
//! For authors, on their own folders: it runs natively and takes seconds. A gate never proves. Knows no WebAssembly.

mod alone;
mod attributes;
mod counterexample;
mod events;
mod folder;
mod generate;
mod law;
mod parallel;
mod problem;
mod prove;
mod random;
mod refusal;
mod shrink;
mod step;
mod whole;

pub use self::counterexample::Counterexample;
pub use self::folder::{ProveFolderError, Shown, prove_folder};
pub use self::generate::SchemasError;
pub use self::prove::{Proof, ProveError, Proved, Settings, prove};
