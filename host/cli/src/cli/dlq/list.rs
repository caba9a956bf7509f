//! `tidegate dlq list`: prints one line for each dead letter.

use std::{
    io::{BufWriter, Write},
    process::ExitCode,
};

use clap::Args;

use super::{
    super::{
        styles::{BOLD, paint},
        words::{cut, visible},
    },
    filter::Filter,
    letters::Source,
    summary::Summary,
};

/// List dead letters, the oldest first.
///
/// With --json, one object per line:
///
///   {"id","failed_at","error","retry_count","violations","source","policy",
///    "event_id","event_type","key","bytes"}
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate dlq list
  tidegate dlq list --type order.placed --error unreachable
  kcat -C -b localhost -t dlq -e | tidegate dlq list --from - --json | jq -r .error | sort | uniq -c")]
pub(super) struct List {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    filter: Filter,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut letters = self.source.open().await?;
        let mut out = BufWriter::new(anstream::stdout().lock());
        if !self.json {
            let (at, id, kind, key) = ("failed at", "id", "event type", "key");
            let title = format!("{at:<24}  {id:<36}  {kind:<18}  {key:<12}  retries  error");
            writeln!(out, "{}", paint(BOLD, title))?;
        }
        let mut remaining = self.filter.most();
        while remaining > 0 {
            let Some(found) = letters.next().await? else { break };
            let letter = &found.letter;
            if !self.filter.matches(letter) {
                continue;
            }
            remaining -= 1;
            if self.json {
                serde_json::to_writer(&mut out, &Summary::of(letter))?;
                writeln!(out)?;
                continue;
            }
            let name = |name: &Option<String>, width| cut(name.as_deref().unwrap_or("–"), width);
            writeln!(
                out,
                "{:<24}  {:<36}  {:<18}  {:<12}  {:>7}  {}",
                cut(&letter.failed_at, 24),
                visible(&letter.id),
                name(&letter.names.event_type, 18),
                name(&letter.names.key, 12),
                letter.retry_count,
                cut(&letter.error, 120)
            )?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
