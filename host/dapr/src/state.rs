//! State through the sidecar.
//!
//! Stores differ in their answer to a conflict: most answer 409, Redis answers 500. So after a server error the key is read,
//! and the record that is found decides whether it was a conflict.

use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::{json, value::RawValue};
use tidegate_http::sink::refusal;
use tidegate_model::{
    backend::{Expected, Put, StateStore, Versioned, Written},
    backend_error::BackendError,
};

use super::Sidecar;

#[async_trait]
impl StateStore for Sidecar {
    async fn get(&self, keys: &[&str]) -> Vec<Result<Option<Versioned>, BackendError>> {
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            answers.push(self.get_state(key).await);
        }
        answers
    }

    async fn put(&self, puts: &[Put<'_>]) -> Vec<Result<Written, BackendError>> {
        let mut answers = Vec::with_capacity(puts.len());
        for put in puts {
            answers.push(self.put_state(*put).await);
        }
        answers
    }
}

impl Sidecar {
    async fn get_state(&self, key: &str) -> Result<Option<Versioned>, BackendError> {
        let action = format!("reading {key:?} from {}", self.state_store);
        let request = self
            .get_at(&["v1.0", "state", &self.state_store, key])
            .query(&[("consistency", "strong")]);
        let response = self.send(&action, request).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NO_CONTENT => return Ok(None),
            _ => return Err(refusal(&action, response).await),
        }
        let etag = response
            .headers()
            .get("etag")
            .and_then(|etag| etag.to_str().ok())
            .map(str::to_owned);
        let Some(etag) = etag else {
            return Err(BackendError::refused(
                action,
                "the store returns no ETag, and claims need one",
            ));
        };
        let record = response
            .bytes()
            .await
            .map_err(|error| BackendError::broken(action, error))?;
        Ok(Some(Versioned {
            record: record.to_vec(),
            etag,
        }))
    }

    async fn put_state(&self, put: Put<'_>) -> Result<Written, BackendError> {
        let Put {
            key,
            record,
            expected,
            keep,
        } = put;
        let action = format!("writing {key:?} to {}", self.state_store);
        let value: &RawValue = serde_json::from_slice(record).map_err(|error| BackendError::broken(&action, error))?;
        let mut item = json!({
            "key": key,
            "value": value,
            // Without first-write, a write would remove the lock of earlier writes (seen on Redis).
            "options": { "concurrency": "first-write", "consistency": "strong" },
            "metadata": { "ttlInSeconds": keep.as_secs().max(1).to_string() },
        });
        if let Expected::Version(etag) = expected {
            item["etag"] = etag.into();
        }
        let request = self.post_to(&["v1.0", "state", &self.state_store]).json(&[item]);
        let response = self.send(&action, request).await?;
        match response.status() {
            StatusCode::NO_CONTENT | StatusCode::CREATED => Ok(Written::Stored(None)),
            StatusCode::CONFLICT => Ok(Written::Conflict),
            status if status.is_server_error() => {
                let error = refusal(&action, response).await;
                let found = self.get_state(key).await?;
                let conflict = match (found, expected) {
                    (Some(found), Expected::Version(etag)) => found.etag != etag,
                    (found, Expected::Absent) => found.is_some(),
                    (None, Expected::Version(_)) => true,
                };
                if conflict { Ok(Written::Conflict) } else { Err(error) }
            }
            _ => Err(refusal(&action, response).await),
        }
    }
}
