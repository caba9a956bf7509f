//! Deliveries on the `sqlite` backend: sinks that fail, retries, dead letters, faults of the policy, kills, and another
//! policy meanwhile.
#![allow(clippy::print_stdout, reason = "counts that people want to see")]

mod alerts;
mod dead_letters;
mod delayed;
mod faults;
mod given;
mod handed_back;
mod logs;
mod once;
mod ordering;
mod other_policies;
mod poison;
mod retries;
