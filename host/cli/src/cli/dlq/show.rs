//! `tidegate dlq show`: prints one dead letter with its event.

use std::{
    fmt::Write as _,
    io::{Write, stdout},
    process::ExitCode,
};

use anyhow::bail;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use tidegate_model::{dead_letter::DeadLetter, envelope::structured};

use super::{
    super::{
        exit, notice,
        styles::{BOLD, DIM, paint},
        words::{after_label, visible, wrapped},
    },
    letters::Source,
    pretty::pretty,
    summary::Summary,
};

/// Show dead letters with their error and the whole event.
///
/// The exit code is 1 when there is none with this id. With --json, one object per line: the members of
/// `dlq list --json`, and the event as "original", "original_text" or "original_base64".
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tidegate dlq show 59c60f08-6df2-50e8-aad1-f6137ef63be1
  tidegate dlq show evt-7012 --original | tidegate explain")]
pub(super) struct Show {
    /// Id of the dead letter, or id of the event in it.
    id: String,
    #[command(flatten)]
    source: Source,
    /// Print only the event, byte for byte; one that had attributes as a CloudEvent with them.
    #[arg(long, conflicts_with = "json")]
    original: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    #[serde(flatten)]
    original: Original<'a>,
}

#[derive(Serialize)]
enum Original<'a> {
    #[serde(rename = "original")]
    Json(&'a RawValue),
    #[serde(rename = "original_text")]
    Text(&'a str),
    #[serde(rename = "original_base64")]
    Base64(String),
}

impl Show {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut letters = self.source.open().await?;
        let mut shown = 0;
        let mut originals = Vec::new();
        while let Some(found) = letters.next().await? {
            let letter = found.letter;
            if letter.id != self.id && letter.names.id.as_ref() != Some(&self.id) {
                continue;
            }
            shown += 1;
            if self.original {
                originals.push(letter);
            } else if self.json {
                let line = Line {
                    summary: Summary::of(&letter),
                    original: Original::of(&letter),
                };
                writeln!(stdout(), "{}", serde_json::to_string(&line)?)?;
            } else {
                let gap = if shown > 1 { "\n" } else { "" };
                write!(anstream::stdout(), "{gap}{}", text(&letter)?)?;
            }
        }
        match &originals[..] {
            [] => {}
            [one] => {
                if one.attributes.is_empty() {
                    stdout().write_all(&one.original)?;
                } else {
                    stdout().write_all(&structured(&one.attributes, &one.original))?;
                }
                stdout().flush()?;
            }
            several => {
                let ids: Vec<_> = several.iter().map(|letter| visible(&letter.id)).collect();
                bail!(
                    "{} dead letters have this event; name one of {}",
                    ids.len(),
                    ids.join(", ")
                );
            }
        }
        if shown == 0 {
            notice::print(format_args!("there is no dead letter {}", visible(&self.id)));
            return Ok(ExitCode::from(exit::NO));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl<'a> Original<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        match std::str::from_utf8(&letter.original) {
            // Each object must be on one line.
            Ok(text) if text.contains(['\n', '\r']) => Self::Text(text),
            Ok(text) => serde_json::from_str(text).map_or(Self::Text(text), Self::Json),
            Err(_) => Self::Base64(BASE64_STANDARD.encode(&letter.original)),
        }
    }
}

fn text(letter: &DeadLetter) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "{}",
        paint(BOLD, format_args!("dead letter {}", visible(&letter.id)))
    )?;
    let names = &letter.names;
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
    for (name, value) in [
        ("failed at", letter.failed_at.clone()),
        ("error", letter.error.clone()),
        ("retries", letter.retry_count.to_string()),
        ("source", letter.source.clone()),
        ("policy", letter.policy.clone()),
        ("event type", or_none(&names.event_type)),
        ("event id", or_none(&names.id)),
        ("key", or_none(&names.key)),
        ("size", format!("{} bytes", letter.original.len())),
    ] {
        write!(out, "  {}", paint(DIM, format_args!("{name:<12}")))?;
        out.push_str(&after_label(&value, 14));
    }
    if !letter.violations.is_empty() {
        writeln!(out, "\n{}", paint(BOLD, "violations"))?;
    }
    for violation in &letter.violations {
        let line = format!("{} at {:?}: {}", violation.code, violation.path, violation.message);
        out.push_str(&wrapped(&line, 2));
    }
    writeln!(out, "\n{}", paint(BOLD, "original"))?;
    match std::str::from_utf8(&letter.original) {
        Ok(text) if serde_json::from_str::<&RawValue>(text).is_ok() => lines(&mut out, &pretty(text)),
        Ok(text) => lines(&mut out, text),
        Err(_) => {
            writeln!(out, "{}", paint(DIM, "(not UTF-8; --original prints its bytes)"))?;
            lines(&mut out, &String::from_utf8_lossy(&letter.original));
        }
    }
    Ok(out)
}

fn lines(out: &mut String, text: &str) {
    for line in text.lines() {
        out.push_str(&visible(line));
        out.push('\n');
    }
}
