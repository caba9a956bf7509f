//! `tidegate send`: appends events to a topic of the sqlite backend.

use std::{
    io::{self, Write, stdout},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use tidegate_model::clock;
use tidegate_sqlite::Record;

use super::{
    files,
    lines::{Batches, LINE_BYTES},
};

/// Append events from standard input, one per line, to a topic of the sqlite backend.
///
/// Every line becomes one record, valid or not. A gate on the same data file processes it, even when it starts later.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  tidegate send --topic orders < events.jsonl")]
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

/// Records appended in one transaction, fewer when they are long.
const BATCH: usize = 500;

impl Send {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let db = self.data.open()?;
        let mut first_offset = None;
        let mut count = 0;
        for lines in Batches::new(io::stdin().lock(), BATCH) {
            let lines = lines.context("standard input cannot be read")?;
            let appended = db.append(&self.topic, records(lines)?).await?;
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

fn records(lines: Vec<Vec<u8>>) -> anyhow::Result<Vec<Record>> {
    if lines.iter().any(|line| line.len() >= LINE_BYTES) {
        bail!("an event has {LINE_BYTES} bytes or more; only the batches before it were sent");
    }
    let record = |value| Record {
        at: clock::now(),
        value,
        ..Record::default()
    };
    Ok(lines.into_iter().map(record).collect())
}
