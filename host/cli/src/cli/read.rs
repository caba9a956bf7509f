//! `tidegate read`: the records of a topic of the sqlite backend.

use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use tidegate_sqlite::{Processed, Stored};

use super::{files, words::visible};

/// Print the records of a topic of the sqlite backend, with their dispositions.
///
/// With --json, one object per line:
///
///   {"topic","offset","key","id","type","at","source","policy","event" or "text" or "base64","delivery"}
///
/// A record is an `event` when it is JSON on one line, otherwise `text`, or `base64` when it is not UTF-8.
///
/// `delivery` is the result of a record of an input topic: {"disposition","dead_letter_reason","reason","policy"}.
/// For a record of an output topic, `source` is the record that it came from, and `policy` the digest of the policy.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate read dlq
  tidegate read orders.gated --json | jq -c .event")]
pub(super) struct Read {
    /// The topic.
    topic: String,
    #[command(flatten)]
    data: files::DataFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Begin at this offset.
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    from: i64,
    /// Stop after this many records.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u32>,
}

/// Records per query: few, since each may have megabytes.
const PAGE: u32 = 16;

#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    offset: i64,
    key: Option<&'a str>,
    id: Option<&'a str>,
    #[serde(rename = "type")]
    event_type: Option<&'a str>,
    at: &'a str,
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(flatten)]
    value: Value<'a>,
    delivery: Option<&'a Processed>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Value<'a> {
    Event(&'a RawValue),
    Text(&'a str),
    Base64(String),
}

impl Read {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let db = self.data.open_existing()?;
        let mut out = BufWriter::new(io::stdout().lock());
        let mut from = self.from;
        let mut remaining = self.limit.unwrap_or(u32::MAX);
        while remaining > 0 {
            let page = db.read(&self.topic, from, remaining.min(PAGE)).await?;
            let Some(last) = page.last() else { break };
            from = last.offset + 1;
            remaining -= u32::try_from(page.len()).unwrap_or(remaining);
            for stored in &page {
                if self.json {
                    serde_json::to_writer(&mut out, &line(&self.topic, stored))?;
                    writeln!(out)?;
                } else {
                    print_text(&mut out, stored)?;
                }
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn line<'a>(topic: &'a str, stored: &'a Stored) -> Line<'a> {
    let record = &stored.record;
    Line {
        topic,
        offset: stored.offset,
        key: record.key.as_deref(),
        id: record.id.as_deref(),
        event_type: record.event_type.as_deref(),
        at: &record.at,
        source: record.source.as_deref(),
        policy: record.policy.as_deref(),
        value: value(&record.value),
        delivery: stored.processed.as_ref(),
    }
}

fn value(bytes: &[u8]) -> Value<'_> {
    let is_one_line = !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    match (serde_json::from_slice(bytes), std::str::from_utf8(bytes)) {
        (Ok(event), _) if is_one_line => Value::Event(event),
        (_, Ok(text)) => Value::Text(text),
        (_, Err(_)) => Value::Base64(BASE64_STANDARD.encode(bytes)),
    }
}

fn print_text(out: &mut impl Write, stored: &Stored) -> io::Result<()> {
    write!(out, "{:>6}", stored.offset)?;
    if let Some(key) = &stored.record.key {
        write!(out, "  {}", visible(key))?;
    }
    if let Some(processed) = &stored.processed {
        write!(out, "  {}: {}", processed.disposition, visible(&processed.reason))?;
    }
    let text = String::from_utf8_lossy(&stored.record.value);
    writeln!(out, "\n        {}", visible(&text))
}
