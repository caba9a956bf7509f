//! A scheduled retry on its way through Dapr: as text, or, when it is too large for that, in the state store with only its
//! key on the way.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_model::{
    backend::{BackendError, Expected, Put, StateStore, Written},
    scheduled_retry::{LONGEST_DELAY, ScheduledRetry},
};

use crate::Sidecar;

/// Bytes up to which a retry travels as it is. The scheduler takes no request above about a megabyte, and writes the
/// text twice escaped.
const LARGEST: usize = 256 << 10;
/// Time that a large retry is kept: longer than anything that has to be waited for, the end of an outage included.
const KEPT: Duration = Duration::from_hours(365 * 24);
/// What is left of a large retry that is processed.
const PROCESSED: &[u8] = b"null";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Packed {
    /// The retry, as JSON text.
    Retry(String),
    /// The key that it is kept under.
    Key(String),
}

impl Sidecar {
    /// The text that stands for a retry on its way; a large one is kept in the state store first.
    pub(super) async fn pack(&self, retry: &ScheduledRetry) -> Result<String, BackendError> {
        let name = retry.name();
        let broken = |error| BackendError::broken(format!("writing {name}"), error);
        let text = retry.to_json()?;
        let packed_retry = if text.len() <= LARGEST {
            Packed::Retry(text)
        } else {
            let record = serde_json::to_vec(&text).map_err(broken)?;
            self.keep(&name, &record).await?;
            Packed::Key(name.clone())
        };
        serde_json::to_string(&packed_retry).map_err(broken)
    }

    /// Keeps a large retry. One of the same name that is not processed was stored by a delivery that got no answer.
    async fn keep(&self, name: &str, record: &[u8]) -> Result<(), BackendError> {
        if let Written::Stored(_) = self.put_one(put(name, record, Expected::Absent, KEPT)).await? {
            return Ok(());
        }
        let ended = self.get_one(name).await?.filter(|kept| kept.record == PROCESSED);
        let Some(ended) = ended else { return Ok(()) };
        match self
            .put_one(put(name, record, Expected::Version(&ended.etag), KEPT))
            .await?
        {
            Written::Stored(_) => Ok(()),
            Written::Conflict => Err(BackendError::refused(
                format!("keeping {name}"),
                "another gate changes it at the same time",
            )),
        }
    }

    /// The retry that a text stands for; `None` when it is processed.
    pub(super) async fn unpack(&self, packed: &str) -> Result<Option<ScheduledRetry>, BackendError> {
        let broken = |error| {
            BackendError::broken(
                "reading a scheduled retry: does something else write where the gate does?",
                error,
            )
        };
        let key = match serde_json::from_str(packed).map_err(broken)? {
            Packed::Retry(text) => return ScheduledRetry::from_json(&text).map(Some),
            Packed::Key(key) => key,
        };
        let kept = self.get_one(&key).await?.ok_or_else(|| {
            BackendError::refused(format!("reading {key}"), "the state store does not have it any more")
        })?;
        match serde_json::from_slice(&kept.record).map_err(broken)? {
            Some::<String>(text) => ScheduledRetry::from_json(&text).map(Some),
            None => Ok(None),
        }
    }

    /// A large retry is processed: what is kept of it shrinks to a mark. It is not deleted, since a retry that is missing
    /// has been lost.
    pub(super) async fn mark_processed(&self, packed: &str) {
        let Ok(Packed::Key(key)) = serde_json::from_str(packed) else {
            return;
        };
        let shrunk = async {
            if let Some(kept) = self.get_one(&key).await? {
                self.put_one(put(&key, PROCESSED, Expected::Version(&kept.etag), LONGEST_DELAY))
                    .await?;
            }
            Ok::<_, BackendError>(())
        };
        if let Err(error) = shrunk.await {
            tracing::warn!(%error, "a retry that is processed stays in the state store until it expires");
        }
    }
}

fn put<'a>(key: &'a str, record: &'a [u8], expected: Expected<'a>, keep: Duration) -> Put<'a> {
    Put {
        key,
        record,
        expected,
        keep,
    }
}
