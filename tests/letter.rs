//! Dead letters and alerts, as the readers of their topics find them.

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tidegate_harness::Stored;

/// What stands before the member that the gate adds to the original.
const METADATA: &str = r#","dlq_metadata":"#;

/// A dead letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its id.
    pub id: String,
    /// The original, byte for byte.
    pub original: Vec<u8>,
    /// The first violation's code.
    pub code: Option<String>,
    /// Where the original came from.
    pub source: String,
    /// Why it was dead-lettered.
    pub error: String,
    /// Retries after the first attempt.
    pub retry_count: u64,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Data<'a> {
    event_id: String,
    #[serde(borrow)]
    payload: &'a RawValue,
}

impl Letter {
    /// Reads the record of a dead letter.
    pub fn read(record: &Stored) -> Result<Self> {
        let value = record.value.as_deref().unwrap_or_default();
        let envelope: Envelope<'_> = serde_json::from_slice(value).context("a dead letter's envelope")?;
        Self::of(envelope.data.get())
    }

    /// Reads the event `dlq.failed`.
    pub fn of(event: &str) -> Result<Self> {
        let data: Data<'_> = serde_json::from_str(event).context("a dead letter")?;
        let payload: Value = serde_json::from_str(data.payload.get())?;
        let metadata = &payload["dlq_metadata"];
        let text = |member: &Value| member.as_str().map(str::to_owned);
        Ok(Self {
            id: data.event_id,
            original: original(data.payload.get(), &payload)?,
            code: text(&metadata["violations"][0]["code"]),
            source: text(&metadata["source"]).context("no source")?,
            error: text(&metadata["error"]).context("no error")?,
            retry_count: metadata["retry_count"].as_u64().context("no retry_count")?,
        })
    }
}

/// The original as it was: its own text without the last member, or what stands in a string for it.
fn original(text: &str, payload: &Value) -> Result<Vec<u8>> {
    if let Some(base64) = payload["original_base64"].as_str() {
        return Ok(BASE64_STANDARD.decode(base64)?);
    }
    if let Some(text) = payload["original"].as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    // No string can hold this text, since its quotes would be escaped; the last one is that of the gate.
    let Some((original, _)) = text.rsplit_once(METADATA) else {
        bail!("a dead letter without its metadata: {text}");
    };
    Ok(format!("{original}}}").into_bytes())
}

/// The dead letter that an alert is about.
pub fn alerted(record: &Stored) -> Result<String> {
    let json = record.json()?;
    let letter = &json["data"]["dead_letter_id"];
    ensure!(letter.is_string(), "an alert of no dead letter: {json}");
    Ok(letter.as_str().unwrap_or_default().to_owned())
}
