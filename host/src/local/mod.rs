//! The embedded backend: topics, offsets and state in one SQLite file that anyone can open.
//!
//! Write-ahead logging with `synchronous=NORMAL`: what is committed survives the death of the process. Only this
//! module and its children know SQLite.

mod consumer;
mod db;
mod publisher;
mod state;
mod topics;

pub use consumer::consume;
pub use db::{Db, LocalError};
pub use topics::{Appended, Judged, NewRecord, Record, TopicInfo};
