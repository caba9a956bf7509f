//! How a hold travels through the sidecar: as text in a job or a record, or, when it is too large for that, in the state
//! store with only its key on the way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Sidecar;
use crate::{
    backend::{BackendError, Expected, Put, StateStore},
    scheduled_retry::{self, ScheduledRetry},
};

/// Bytes up to which a hold travels as it is. The scheduler takes no request above about a megabyte, and writes the
/// text twice escaped.
const LARGEST: usize = 256 << 10;
/// Time that a large hold is kept: longer than anything that has to be waited for, the end of an outage included.
const KEPT: Duration = Duration::from_hours(365 * 24);
/// What is left of a large hold that has come to its end.
const ENDED: &[u8] = b"null";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Carried {
    /// The hold, as JSON text.
    ScheduledRetry(String),
    /// The key that it is kept under.
    Key(String),
}

impl Sidecar {
    /// The text that stands for a hold on its way; a large one is kept in the state store first.
    pub(super) async fn pack(&self, hold: &ScheduledRetry) -> Result<String, BackendError> {
        let name = hold.name();
        let broken = |error| BackendError::broken(format!("writing {name}"), error);
        let text = hold.to_json()?;
        let carried = if text.len() <= LARGEST {
            Carried::ScheduledRetry(text)
        } else {
            let record = serde_json::to_vec(&text).map_err(broken)?;
            self.keep(&name, &record).await?;
            Carried::Key(name.clone())
        };
        serde_json::to_string(&carried).map_err(broken)
    }

    /// Keeps a large hold. One of the same name that has not ended was put there by a delivery that did not get to say so.
    async fn keep(&self, name: &str, record: &[u8]) -> Result<(), BackendError> {
        if let Put::Stored(_) = self.put(name, record, Expected::Absent, KEPT).await? {
            return Ok(());
        }
        let ended = self.get(name).await?.filter(|kept| kept.record == ENDED);
        let Some(ended) = ended else { return Ok(()) };
        match self.put(name, record, Expected::Version(&ended.etag), KEPT).await? {
            Put::Stored(_) => Ok(()),
            Put::Conflict => Err(BackendError::refused(
                format!("keeping {name}"),
                "another gate is at it",
            )),
        }
    }

    /// The hold that a text stands for; `None` when it has come to its end.
    pub(super) async fn unpack(&self, packed: &str) -> Result<Option<ScheduledRetry>, BackendError> {
        let broken =
            |error| BackendError::broken("reading a hold: does something else write where the gate does?", error);
        let key = match serde_json::from_str(packed).map_err(broken)? {
            Carried::ScheduledRetry(text) => return ScheduledRetry::from_json(&text).map(Some),
            Carried::Key(key) => key,
        };
        let kept = self.get(&key).await?.ok_or_else(|| {
            BackendError::refused(format!("reading {key}"), "the state store does not have it any more")
        })?;
        match serde_json::from_slice(&kept.record).map_err(broken)? {
            Some::<String>(text) => ScheduledRetry::from_json(&text).map(Some),
            None => Ok(None),
        }
    }

    /// A large hold has come to its end: what is kept of it shrinks to a mark. It is not deleted, since a hold that is
    /// not there has been lost.
    pub(super) async fn ended(&self, packed: &str) {
        let Ok(Carried::Key(key)) = serde_json::from_str(packed) else {
            return;
        };
        let shrunk = async {
            if let Some(kept) = self.get(&key).await? {
                self.put(&key, ENDED, Expected::Version(&kept.etag), scheduled_retry::LONGEST)
                    .await?;
            }
            Ok::<_, BackendError>(())
        };
        if let Err(error) = shrunk.await {
            tracing::warn!(%error, "a hold that has ended stays in the state store until its time is over");
        }
    }
}
