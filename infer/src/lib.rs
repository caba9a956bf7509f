//! Infers a policy of plain files from sample events: where they state what, their types, and a schema of each version.
//!
//! Every sample is valid in what is inferred. Beyond that a schema says what the samples give a reason for, and no more: each
//! threshold stands beside its reason. Reads no files and knows no gate.

mod channel;
mod checks;
mod differences;
mod document;
mod envelope;
mod error;
mod format;
mod infer;
mod inferred;
mod manifest;
mod narrow;
mod place;
mod sample;
mod schema;
mod shape;
mod texts;
mod types;
mod versions;

pub use self::{
    error::InferError,
    infer::infer,
    inferred::{Inferred, InferredType, InferredVersion, SchemaFile},
    manifest::manifest,
    sample::Sample,
};
