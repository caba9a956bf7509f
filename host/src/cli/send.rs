//! `tidegate send`: events onto a topic of the embedded backend.

use std::{
    io::{self, Write, stdout},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::{files, lines};
use tidegate::{clock, local::NewRecord};

/// Append events from standard input, one a line, to a topic of the embedded backend.
///
/// Every line becomes one record as it is, valid or not: the gate judges it, also when it starts later.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tidegate send --topic task-events < events.jsonl")]
pub(super) struct Send {
    /// The topic.
    #[arg(long)]
    topic: String,
    #[command(flatten)]
    data: files::DataFile,
    /// Print one JSON object: {"topic","first_offset","count"}.
    #[arg(long)]
    json: bool,
}

/// Records appended in one transaction.
const BATCH: usize = 500;

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let db = self.data.open()?;
        let mut first_offset = None;
        let mut count = 0;
        loop {
            let batch = batch()?;
            if batch.is_empty() {
                break;
            }
            let appended = db.append(&self.topic, batch).await?;
            first_offset.get_or_insert(appended.first_offset);
            count += appended.count;
        }
        if self.json {
            writeln!(
                stdout(),
                "{}",
                json!({ "topic": self.topic, "first_offset": first_offset, "count": count })
            )?;
        } else {
            writeln!(stdout(), "{count} events sent to {}", self.topic)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn batch() -> anyhow::Result<Vec<NewRecord>> {
    let mut input = io::stdin().lock();
    let mut records = Vec::new();
    while records.len() < BATCH {
        let Some(value) = lines::next_line(&mut input).context("standard input cannot be read")? else {
            break;
        };
        if value.len() >= lines::KEPT {
            bail!(
                "an event of {} bytes or more: send shorter ones; nothing after the last full batch was sent",
                lines::KEPT
            );
        }
        records.push(NewRecord {
            at: clock::now(),
            value,
            ..NewRecord::default()
        });
    }
    Ok(records)
}
