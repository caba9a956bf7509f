//! The embedded backend: topics, offsets, state and holds in one SQLite file that anyone can open.
//!
//! Write-ahead logging with `synchronous=NORMAL`: what is committed survives the death of the process. Only this
//! module and its children know SQLite.

mod consumer;
mod db;
mod holds;
mod owner;
mod publisher;
mod resume;
mod state;
mod topics;

pub use consumer::consume;
pub use db::{Db, SqliteError};
pub use owner::own;
pub use resume::resume;
pub use topics::{Appended, Judged, Record, Stored, TopicInfo};
