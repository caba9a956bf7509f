//! Where dead letters are read from: a topic of the embedded backend, or lines of a file or of standard input.

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

use super::super::{files, lines};

/// Where dead letters are.
#[derive(Debug, Args)]
pub(super) struct Source {
    #[command(flatten)]
    data: files::DataFile,
    /// The topic of the embedded backend.
    #[arg(long, default_value = "dlq")]
    topic: String,
    /// Read dead letters from this file, one JSON a line, instead; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "topic")]
    from: Option<PathBuf>,
}

/// Bytes kept of a line. A dead letter is larger than the event in it, and in base64 once more.
const KEPT: usize = 32 << 20;

/// Records read at a time: few, since each may have megabytes.
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

/// What may be a dead letter.
struct Raw {
    /// Where it stands, for messages.
    place: String,
    bytes: Bytes,
}

enum Input {
    Topic {
        db: Db,
        topic: String,
        next: i64,
        /// What comes after it was not there at the start: a letter that is redriven can make another.
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
    /// True when it can be read once only.
    pub(super) fn is_standard_input(&self) -> bool {
        self.from.as_deref().is_some_and(|from| from.as_os_str() == "-")
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
    /// The next dead letter; what is none is skipped with a warning.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Found>> {
        while let Some(Raw { place, bytes }) = self.input.next().await? {
            match DeadLetter::read(bytes.clone()) {
                Ok(letter) => return Ok(Some(Found { letter, bytes })),
                Err(error) => {
                    self.unreadable += 1;
                    eprintln!("tidegate: warning: {place}: {:#}", anyhow::Error::new(error));
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
                        place: format!("{topic}@{}", stored.offset),
                        bytes: stored.record.value.into(),
                    }
                }))
            }
            Self::Lines { input, name, number } => {
                while let Some(line) =
                    lines::next_line(input, KEPT).with_context(|| format!("{name} cannot be read"))?
                {
                    *number += 1;
                    if line.len() >= KEPT {
                        bail!("{name}, line {number}: longer than {KEPT} bytes");
                    }
                    if !line.trim_ascii().is_empty() {
                        return Ok(Some(Raw {
                            place: format!("{name}, line {number}"),
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

/// What `tidegate read --json` prints, as far as it matters here.
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

/// The record in a line of `tidegate read --json`; any other line is one itself.
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
    fn a_line_of_read_is_opened_and_any_other_is_taken_as_it_is() {
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
