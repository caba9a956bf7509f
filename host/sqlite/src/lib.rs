//! The `sqlite` backend: topics, offsets, state and scheduled retries in one file, which any SQLite client can open.
//!
//! Write-ahead logging with `synchronous=NORMAL`: a committed transaction survives a crash of the process. Only this crate
//! knows SQLite; it knows neither HTTP nor Dapr.

mod consumer;
mod db;
mod lock;
mod publisher;
mod resume;
mod scheduled_retries;
mod state;
mod status;
mod topics;

pub use self::{
    consumer::consume,
    db::{Db, SqliteError},
    lock::lock,
    publisher::TopicPublisher,
    resume::resume,
    topics::{Appended, Processed, Record, Stored, TopicInfo},
};
