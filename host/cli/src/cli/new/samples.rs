//! The policy of a new folder, inferred from sample events.

use std::{fmt::Write as _, path::Path};

use anyhow::Context as _;
use bytes::Bytes;
use tidegate_infer::{Inferred, Sample, infer, manifest};
use tidegate_model::envelope::{Headers, unwrap};

use super::{
    super::{files::open_input, lines::Batches, words::visible},
    around,
    disk::NewFile,
};

/// The samples that the folder keeps.
const KEPT: usize = 100;
const KEPT_BYTES: usize = 1 << 20;

/// The first line of a manifest: editors that know YAML find its schema by it.
const FOR_EDITORS: &str = "# yaml-language-server: $schema=policy.schema.json\n";

/// All files of the folder, and what was inferred.
pub(super) fn files(name: &str, from: &Path) -> anyhow::Result<(Vec<NewFile>, Inferred)> {
    let shown = from.display();
    let mut samples = Vec::new();
    let mut kept = String::new();
    let mut line = 0;
    for batch in Batches::new(open_input(from)?, KEPT) {
        for text in batch.with_context(|| format!("{shown} cannot be read"))? {
            line += 1;
            if text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            samples.push(sample(line, &text).with_context(|| format!("no policy can be inferred from {shown}"))?);
            if samples.len() <= KEPT && kept.len() + text.len() < KEPT_BYTES {
                kept.push_str(String::from_utf8_lossy(&text).trim());
                kept.push('\n');
            }
        }
    }
    let inferred = infer(&samples).with_context(|| format!("no policy can be inferred from {shown}"))?;
    let mut files = vec![NewFile::new(
        "policy.yaml",
        format!("{FOR_EDITORS}{}", manifest(&inferred, name)),
    )];
    let schemas = inferred.schemas().into_iter();
    files.extend(schemas.map(|schema| NewFile::new(schema.path, schema.text)));
    files.push(NewFile::new("events.jsonl", kept));
    files.extend(around::files(name, &inferred.channels()));
    Ok((files, inferred))
}

/// A line, opened as everywhere: a bare event or a CloudEvent.
fn sample(line: usize, text: &[u8]) -> anyhow::Result<Sample> {
    let unwrapped = unwrap(Bytes::copy_from_slice(text), false, &Headers::NONE);
    if let Some(flaw) = unwrapped.flaw {
        return Err(flaw).with_context(|| format!("line {line} is a CloudEvent that cannot be read"));
    }
    let attributes = unwrapped.attributes.canonical().into_iter();
    let attributes = attributes.map(|attribute| (attribute.name, attribute.value));
    Ok(Sample::new(line, &unwrapped.event, attributes.collect())?)
}

/// What was inferred, for people.
pub(super) fn said(inferred: &Inferred) -> String {
    let mut text = format!("Inferred from {} events:\n", inferred.events);
    for (name, place) in &inferred.envelope {
        let _ = writeln!(
            text,
            "  {name:<8} {}",
            visible(place.as_str().unwrap_or(&place.to_string()))
        );
    }
    for event_type in &inferred.event_types {
        let (name, channel) = (visible(&event_type.name), &event_type.channel);
        let _ = writeln!(text, "  {:>6} × {name} → {channel}", event_type.events);
    }
    text.push_str("\nCheck:\n");
    for check in &inferred.check {
        let _ = writeln!(text, "  - {check}");
    }
    text.trim_end().to_owned()
}
