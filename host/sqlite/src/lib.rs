//! The SQLite backend: topics, offsets, state and scheduled retries in one file that anyone can open.
//!
//! Write-ahead logging with `synchronous=NORMAL`: what is committed survives the death of the process. Only this crate
//! knows SQLite; it knows neither HTTP nor Dapr.

mod consumer;
mod db;
mod owner;
mod publisher;
mod resume;
mod scheduled_retries;
mod state;
mod status;
mod topics;

pub use self::{
    consumer::consume,
    db::{Db, SqliteError},
    owner::own,
    publisher::TopicPublisher,
    resume::resume,
    topics::{Appended, Processed, Record, Stored, TopicInfo},
};
