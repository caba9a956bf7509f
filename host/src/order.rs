//! Order of the events of one key, where it is wanted: while one is put aside, those behind it wait in line.
//!
//! The line of a key is a record in the state store: the events that came to be put aside, the first one first. An event
//! that finds others before it is put aside too and looks again later. A line is bounded in length and in time: who
//! cannot wait any longer overtakes, which is counted.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    backend::{BackendError, Expected, Put, StateStore},
    clock,
};

/// Events that wait in one line at most.
const LONGEST_LINE: usize = 1000;
/// How often a change of a line is tried when others change it too.
const TRIES: usize = 10;
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps lines in a state store.
#[derive(Debug, Clone)]
pub struct Order {
    store: Arc<dyn StateStore>,
    longest_wait: Duration,
}

/// What an event finds in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nobody, or none of those who count.
    Free {
        /// Whether the event stands in line itself.
        in_line: bool,
    },
    /// So many: look again later.
    Behind(u32),
    /// Somebody, and it has waited long enough, or the line is full.
    Overtakes,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Line {
    waiting: Vec<Waiting>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    /// By [`Delivery::identity`](crate::delivery::Delivery::identity).
    #[serde(alias = "event_id")]
    event: String,
    /// When it is forgotten, should it never be heard of again.
    until: i64,
}

impl Order {
    /// Lines in `store`, in which nobody waits longer than `longest_wait`.
    pub fn new(store: Arc<dyn StateStore>, longest_wait: Duration) -> Self {
        Self { store, longest_wait }
    }

    /// Where an event stands. `since` is when it began to wait, if it has.
    pub async fn place(&self, key: &str, event: &str, since: Option<i64>) -> Result<Place, BackendError> {
        let now = clock::unix_millis();
        let Some((line, _)) = self.find(&name(key)).await? else {
            return Ok(Position::Front { in_line: false });
        };
        let own = line.waiting.iter().position(|waiting| waiting.event == event);
        let before = &line.waiting[..own.unwrap_or(line.waiting.len())];
        let before = before.iter().filter(|waiting| waiting.until > now).count();
        let waited = now - since.unwrap_or(now);
        let full = own.is_none() && line.waiting.len() >= LONGEST_LINE;
        Ok(match u32::try_from(before).unwrap_or(u32::MAX) {
            0 => Position::Front { in_line: own.is_some() },
            _ if full || waited >= clock::millis(self.longest_wait) => Position::TimedOut,
            before => Position::Behind(before),
        })
    }

    /// An event is put aside for as long as `wait`: it is in line from now on, if it is not yet.
    pub async fn join(&self, key: &str, event: &str, wait: Duration) -> Result<(), BackendError> {
        let now = clock::unix_millis();
        // Whoever is not heard of for that long after it was due has come to its end elsewhere.
        let until = now + clock::millis(wait) + clock::millis(self.longest_wait);
        self.change(key, |line| {
            line.waiting.retain(|waiting| waiting.until > now);
            if let Some(waiting) = line.waiting.iter_mut().find(|waiting| waiting.event == event) {
                let soon = waiting.until < until - clock::millis(self.longest_wait) / 2;
                waiting.until = waiting.until.max(until);
                return soon;
            }
            // Of a full line, those who come now do not hold up anybody.
            let room = line.waiting.len() < LONGEST_LINE;
            if room {
                line.waiting.push(Waiting {
                    event: event.to_owned(),
                    until,
                });
            }
            room
        })
        .await
    }

    /// An event has come to its end: who is behind it may go on.
    pub async fn leave(&self, key: &str, event: &str) -> Result<(), BackendError> {
        self.change(key, |line| {
            let before = line.waiting.len();
            line.waiting.retain(|waiting| waiting.event != event);
            line.waiting.len() < before
        })
        .await
    }

    /// Changes the line of a key, unless `change` says that there is nothing to change.
    async fn change(&self, key: &str, mut change: impl FnMut(&mut Line) -> bool) -> Result<(), BackendError> {
        let name = name(key);
        for _ in 0..TRIES {
            let found = self.find(&name).await?;
            let (mut line, etag) = match found {
                Some((line, etag)) => (line, Some(etag)),
                None => (Line::default(), None),
            };
            if !change(&mut line) {
                return Ok(());
            }
            let record = serde_json::to_vec(&line)
                .map_err(|error| BackendError::broken(format!("writing the line {name:?}"), error))?;
            let expected = etag.as_deref().map_or(Expected::Absent, Expected::Version);
            if let Put::Stored(_) = self.store.put(&name, &record, expected, self.keep()).await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let reason = "others change it all the time";
        Err(BackendError::refused(format!("changing the line {name:?}"), reason))
    }

    async fn find(&self, name: &str) -> Result<Option<(Line, String)>, BackendError> {
        let Some(found) = self.store.get(name).await? else {
            return Ok(None);
        };
        let line = serde_json::from_slice(&found.record)
            .map_err(|error| BackendError::broken(format!("reading the line {name:?}"), error))?;
        Ok(Some((line, found.etag)))
    }

    fn keep(&self) -> Duration {
        crate::scheduled_retry::LONGEST + self.longest_wait
    }
}

fn name(key: &str) -> String {
    format!("line-{}", hex::encode(&Sha256::digest(key)[..16]))
}
