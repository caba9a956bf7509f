//! Reads dead letters: from a topic of the sqlite backend, or from the lines of a file or of standard input.

use std::{
    collections::VecDeque,
    io::BufRead,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use tidegate_model::dead_letter::DeadLetter;
use tidegate_sqlite::{Db, Stored};

use super::super::{files, lines, notice, words::visible};

/// Where dead letters are.
#[derive(Debug, Args)]
pub(super) struct Source {
    #[command(flatten)]
    data: files::DataFile,
    /// The topic of the sqlite backend.
    #[arg(long, default_value = "dlq")]
    topic: String,
    /// Read dead letters from this file instead, one JSON object per line; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "topic")]
    from: Option<PathBuf>,
}

/// Bytes of the longest line. A dead letter is larger than its event, and base64 makes it larger again.
const LINE_BYTES: usize = 32 << 20;

/// Records per query: few, since each may have megabytes.
const PAGE: u32 = 8;

/// A dead letter and the bytes that it was read from.
pub(super) struct Found {
    pub(super) letter: DeadLetter,
    pub(super) bytes: Bytes,
}

/// Dead letters, one after another.
pub(super) struct Letters {
    input: Input,
    /// How many could not be read, each with a warning.
    pub(super) unreadable: usize,
}

/// A record that may be a dead letter.
struct Raw {
    /// Its position, for messages.
    position: String,
    bytes: Bytes,
}

enum Input {
    Topic {
        db: Db,
        topic: String,
        next: i64,
        /// The end of the topic at the start. A redrive may append more dead letters.
        end: i64,
        page: VecDeque<Stored>,
    },
    Lines {
        input: Box<dyn BufRead>,
        name: String,
        number: u64,
    },
}

impl Source {
    /// Whether it can be read only once: standard input, a pipe, `<(kcat …)`.
    pub(super) fn is_read_once(&self) -> bool {
        self.from
            .as_deref()
            .is_some_and(|from| from == Path::new("-") || !from.is_file())
    }

    pub(super) async fn open(&self) -> anyhow::Result<Letters> {
        let input = if let Some(from) = self.from.as_deref() {
            Input::Lines {
                input: files::open_input(from)?,
                name: name(from),
                number: 0,
            }
        } else {
            let db = self.data.open_existing()?;
            let topics = db.topics().await?;
            let records = topics.iter().find(|known| known.topic == self.topic);
            Input::Topic {
                db,
                topic: self.topic.clone(),
                next: 0,
                end: records.map_or(0, |known| known.records),
                page: VecDeque::new(),
            }
        };
        Ok(Letters { input, unreadable: 0 })
    }
}

impl Letters {
    /// The next dead letter. Records that are none are skipped with a warning.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Found>> {
        while let Some(Raw { position, bytes }) = self.input.next().await? {
            match DeadLetter::read(&bytes) {
                Ok(letter) => return Ok(Some(Found { letter, bytes })),
                Err(error) => {
                    self.unreadable += 1;
                    let error = format!("{:#}", anyhow::Error::new(error));
                    notice::print(format_args!("warning: {position}: {}", visible(&error)));
                }
            }
        }
        Ok(None)
    }
}

impl Input {
    async fn next(&mut self) -> anyhow::Result<Option<Raw>> {
        match self {
            Self::Topic {
                db,
                topic,
                next,
                end,
                page,
            } => {
                if page.is_empty() && next < end {
                    let records = db.read(topic, *next, PAGE).await?;
                    page.extend(records.into_iter().filter(|stored| stored.offset < *end));
                }
                Ok(page.pop_front().map(|stored| {
                    *next = stored.offset + 1;
                    Raw {
                        position: format!("{topic}@{}", stored.offset),
                        bytes: stored.record.value.into(),
                    }
                }))
            }
            Self::Lines { input, name, number } => {
                while let Some(line) =
                    lines::next_line(input, LINE_BYTES).with_context(|| format!("{name} cannot be read"))?
                {
                    *number += 1;
                    if line.len() >= LINE_BYTES {
                        bail!("{name}, line {number}: longer than {LINE_BYTES} bytes");
                    }
                    if !line.trim_ascii().is_empty() {
                        return Ok(Some(Raw {
                            position: format!("{name}, line {number}"),
                            bytes: record(line.into()),
                        }));
                    }
                }
                Ok(None)
            }
        }
    }
}

fn name(from: &Path) -> String {
    if from == Path::new("-") {
        "standard input".to_owned()
    } else {
        from.display().to_string()
    }
}

/// A line of `tidegate read --json`, as far as it is needed.
#[derive(Deserialize)]
struct ReadLine<'a> {
    #[serde(rename = "topic")]
    _topic: String,
    #[serde(rename = "offset")]
    _offset: i64,
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    base64: Option<String>,
}

/// The record in a line of `tidegate read --json`. Any other line is a record itself.
fn record(line: Bytes) -> Bytes {
    let Ok(read) = serde_json::from_slice::<ReadLine<'_>>(&line) else {
        return line;
    };
    match (read.event, read.text, read.base64) {
        (Some(event), None, None) => line.slice_ref(event.get().as_bytes()),
        (None, Some(text), None) => text.into(),
        (None, None, Some(base64)) => BASE64_STANDARD.decode(base64).map_or(line, Bytes::from),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn a_line_of_read_is_opened_and_any_other_line_is_a_record() {
        let head = r#"{"topic":"dlq","offset":3,"key":null,"#;
        for (line, inside) in [
            (format!(r#"{head}"event":{{"a": 1}},"delivery":null}}"#), r#"{"a": 1}"#),
            (format!(r#"{head}"text":"{{\n}}"}}"#), "{\n}"),
            (format!(r#"{head}"base64":"eA=="}}"#), "x"),
            (r#"{"event":{"a":1}}"#.to_owned(), r#"{"event":{"a":1}}"#),
            ("not json".to_owned(), "not json"),
        ] {
            assert_eq!(record(line.into()), inside);
        }
    }
}
