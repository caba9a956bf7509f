//! What `tidegate diff` says: one JSON object, or text. Knows no policy.

use std::{
    fmt::{Result, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tidegate_engine::Policy;

use super::{
    super::{
        digest,
        styles::{BAD, BOLD, DIM, GOOD, ODD, paint},
        words::{cut, visible},
    },
    catalog::CatalogChange,
    tally::Listed,
};

/// Characters that are shown of a value, and of an event.
const VALUE: usize = 60;
const EVENT: usize = 500;

/// How two policies differ.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) old: Side,
    pub(super) new: Side,
    pub(super) catalog: Vec<CatalogChange>,
    pub(super) judged: u64,
    pub(super) same: u64,
    pub(super) changed: u64,
    pub(super) changes: Vec<Listed>,
}

/// One of the two policies.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    path: PathBuf,
    name: String,
    version: String,
    digest: String,
    /// The digest of the files that it is made of, where it says so: in any form the same.
    #[serde(skip)]
    files: Option<String>,
}

impl Side {
    pub(super) fn of(path: &Path, policy: &Policy) -> Self {
        let catalog = policy.catalog();
        Self {
            path: path.to_owned(),
            name: catalog.name.clone(),
            version: catalog.version.clone(),
            digest: policy.digest().to_string(),
            files: catalog.digest.clone(),
        }
    }
}

impl Report {
    /// Whether nothing differs.
    pub(super) fn is_same(&self) -> bool {
        self.catalog.is_empty() && self.changed == 0
    }

    fn has_other_files(&self) -> bool {
        match (&self.old.files, &self.new.files) {
            (Some(old), Some(new)) => old != new,
            _ => self.old.digest != self.new.digest,
        }
    }

    pub(super) fn text(&self) -> std::result::Result<String, std::fmt::Error> {
        let mut out = String::new();
        for (label, side) in [("old", &self.old), ("new", &self.new)] {
            let (name, version) = (visible(&side.name), visible(&side.version));
            let digest = digest::short(&side.digest);
            writeln!(
                out,
                "{}  {name} {version}, {digest}  {}",
                paint(DIM, label),
                side.path.display()
            )?;
        }
        if self.catalog.is_empty() {
            writeln!(out, "\n{}", paint(GOOD.bold(), "the catalog is the same"))?;
        } else {
            writeln!(out, "\n{}", paint(BOLD, "catalog"))?;
            self.catalog
                .iter()
                .try_for_each(|change| of_catalog(&mut out, change))?;
        }
        let title = match (self.judged, self.changed) {
            (0, _) => paint(BOLD, "no event was judged"),
            (all, 0) => paint(GOOD.bold(), format_args!("all {all} events stay the same")),
            (_, changed) => paint(
                BOLD,
                format_args!("{changed} events change, {} stay the same", self.same),
            ),
        };
        writeln!(out, "\n{title}")?;
        if self.is_same() && self.has_other_files() {
            let hint =
                "their files differ all the same, in something that no event here shows: give others with --events";
            writeln!(out, "\n{}", paint(ODD, hint))?;
        }
        self.changes.iter().try_for_each(|listed| change(&mut out, listed))?;
        Ok(out)
    }
}

fn of_catalog(out: &mut String, change: &CatalogChange) -> Result {
    let (style, what) = match (&change.old, &change.new) {
        (None, _) => (GOOD, "added"),
        (_, None) => (BAD, "removed"),
        _ => (ODD, "changed"),
    };
    let values = match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{} → {}", cut(old, VALUE), cut(new, VALUE)),
        (old, new) => old
            .as_ref()
            .or(new.as_ref())
            .map(|value| cut(value, VALUE))
            .unwrap_or_default(),
    };
    let line = format!(
        "{}  {}  {values}",
        paint(style, format_args!("{what:<7}")),
        visible(&change.item)
    );
    writeln!(out, "  {}", line.trim_end())?;
    if change.refused {
        let hint = "a gate refuses this, unless `policy.reload.allow_dropped` is true";
        writeln!(out, "           {}", paint(BAD, hint))?;
    }
    Ok(())
}

fn change(out: &mut String, listed: &Listed) -> Result {
    let kind = visible(&listed.kind);
    let is_bad = ["→ reject", "→ fault", "→ drop"].iter().any(|end| kind.contains(end));
    let count = listed.count;
    writeln!(out, "\n{count:>7}  {}", paint(if is_bad { BAD } else { ODD }, kind))?;
    if let Some(event_type) = &listed.event_type {
        let version = listed.version.as_deref().unwrap_or_default();
        writeln!(
            out,
            "         {}",
            paint(DIM, visible(&format!("{event_type} {version}")))
        )?;
    }
    let example = &listed.example;
    let id = example.event_id.as_deref().map_or_else(|| "no id".to_owned(), visible);
    writeln!(out, "         {id}  {}", paint(DIM, visible(&example.source)))?;
    let difference = &listed.difference;
    for (policy, violations) in [("old", &difference.old_violations), ("new", &difference.new_violations)] {
        for violation in violations {
            let path = match violation.path.as_str() {
                "" => "the whole event".to_owned(),
                path => visible(path),
            };
            writeln!(out, "           {policy}: {} at {path}", visible(&violation.code))?;
        }
    }
    for values in &difference.values {
        let [old, new] = [&values.old, &values.new].map(|value| {
            value
                .as_deref()
                .map_or_else(|| "nothing".to_owned(), |value| cut(value, VALUE))
        });
        writeln!(out, "           {}: {old} → {new}", visible(&values.path))?;
    }
    let mut event = example.event.to_string();
    if !example.attributes.is_empty() {
        let attributes = serde_json::to_string(&example.attributes).unwrap_or_default();
        event = format!("{event} with {attributes}");
    }
    writeln!(out, "           {}", paint(DIM, cut(&event, EVENT)))
}
