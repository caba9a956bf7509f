//! `tidegate topics`: the topics of the sqlite backend.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;

use super::files;

/// List the topics of the sqlite backend: how many records they have, and how many the gate acknowledged.
#[derive(Debug, Args)]
pub(super) struct Topics {
    #[command(flatten)]
    data: files::DataFile,
    /// Print one JSON object per line: {"topic","records","acknowledged"}.
    #[arg(long)]
    json: bool,
}

impl Topics {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let topics = self.data.open_existing()?.topics().await?;
        if self.json {
            for topic in &topics {
                writeln!(stdout(), "{}", serde_json::to_string(topic)?)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(stdout(), "{:<28} {:>9}  acknowledged", "topic", "records")?;
        for topic in &topics {
            let acknowledged = topic
                .acknowledged
                .map_or_else(|| "-".to_owned(), |count| count.to_string());
            writeln!(stdout(), "{:<28} {:>9}  {acknowledged}", topic.topic, topic.records)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
