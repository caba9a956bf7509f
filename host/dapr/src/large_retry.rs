//! How a scheduled retry is stored by Dapr: in a job or a record, or, when it is too large, in the state store, with its key
//! in the job or the record.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_model::{
    backend::{Expected, Put, StateStore, Written},
    backend_error::BackendError,
    scheduled_retry::{LONGEST_DELAY, ScheduledRetry},
};

use crate::Sidecar;

/// Bytes of the largest retry that is put into a job or a record. The scheduler refuses requests above about a megabyte,
/// and the text is escaped twice in them.
const LARGEST: usize = 256 << 10;
/// How long a large retry is kept: longer than its delay and any outage.
const KEPT: Duration = Duration::from_hours(365 * 24);
/// The record that replaces a large retry when it is processed.
const PROCESSED: &[u8] = b"null";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Packed {
    /// The retry, as JSON text.
    Retry(String),
    /// Its key in the state store.
    Key(String),
}

impl Sidecar {
    /// The text to put into a job or a record. A large retry is written to the state store first.
    pub(super) async fn pack(&self, retry: &ScheduledRetry) -> Result<String, BackendError> {
        let name = retry.name();
        let broken = |error| BackendError::broken(format!("writing {name}"), error);
        let text = retry.to_json()?;
        let packed = if text.len() <= LARGEST {
            Packed::Retry(text)
        } else {
            let record = serde_json::to_vec(&text).map_err(broken)?;
            self.keep(&name, &record).await?;
            Packed::Key(name.clone())
        };
        serde_json::to_string(&packed).map_err(broken)
    }

    /// Stores a large retry. When one of the same name is there and not processed, an earlier delivery stored it and got no
    /// answer.
    async fn keep(&self, name: &str, record: &[u8]) -> Result<(), BackendError> {
        if let Written::Stored(_) = self.put_one(put(name, record, Expected::Absent, KEPT)).await? {
            return Ok(());
        }
        let processed = self.get_one(name).await?.filter(|kept| kept.record == PROCESSED);
        let Some(processed) = processed else { return Ok(()) };
        match self
            .put_one(put(name, record, Expected::Version(&processed.etag), KEPT))
            .await?
        {
            Written::Stored(_) => Ok(()),
            Written::Conflict => Err(BackendError::refused(
                format!("storing {name}"),
                "another gate changed it at the same time",
            )),
        }
    }

    /// The retry in a packed text; `None`: it is processed.
    pub(super) async fn unpack(&self, packed: &str) -> Result<Option<ScheduledRetry>, BackendError> {
        let broken = |error| {
            BackendError::broken(
                "reading a scheduled retry: does something else write to the same place?",
                error,
            )
        };
        let key = match serde_json::from_str(packed).map_err(broken)? {
            Packed::Retry(text) => return ScheduledRetry::from_json(&text).map(Some),
            Packed::Key(key) => key,
        };
        let kept = self
            .get_one(&key)
            .await?
            .ok_or_else(|| BackendError::refused(format!("reading {key}"), "it is not in the state store any more"))?;
        match serde_json::from_slice(&kept.record).map_err(broken)? {
            Some::<String>(text) => ScheduledRetry::from_json(&text).map(Some),
            None => Ok(None),
        }
    }

    /// Replaces a large retry that is processed by a small mark. It is not deleted, since a missing retry counts as lost.
    pub(super) async fn mark_processed(&self, packed: &str) {
        let Ok(Packed::Key(key)) = serde_json::from_str(packed) else {
            return;
        };
        let replaced = async {
            if let Some(kept) = self.get_one(&key).await? {
                self.put_one(put(&key, PROCESSED, Expected::Version(&kept.etag), LONGEST_DELAY))
                    .await?;
            }
            Ok::<_, BackendError>(())
        };
        if let Err(error) = replaced.await {
            tracing::warn!(%error, "a processed retry stays in the state store until it expires");
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
