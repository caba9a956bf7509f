//! Reads the manifest of a folder, which is YAML or JSON. Knows nothing of what is in it.

use std::path::Path;

use tidegate_policy::Manifest;

use crate::{error::FolderError, files::is_plain, position::position, root::Root, suggestion, yaml};

/// The names that a manifest may have.
const NAMES: [&str; 3] = ["policy.yaml", "policy.yml", "policy.json"];

/// The most bytes of a manifest.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn read(root: &Root) -> Result<Manifest, FolderError> {
    let (name, text) = text(root)?;
    let file = root.shown(&name);
    let manifest = parse(&file, &text)?;
    for (event_type, known) in &manifest.event_types {
        if let Some((version, wrong)) = known.versions.iter().find(|(_, file)| !is_plain(file)) {
            return Err(FolderError::NotAName {
                file,
                position: position(&text, &["event_types", event_type, "versions", version]),
                name: wrong.clone(),
            });
        }
    }
    Ok(manifest)
}

/// The name of the manifest, and its text.
pub(crate) fn text(root: &Root) -> Result<(String, String), FolderError> {
    let mut found = Vec::new();
    for name in NAMES {
        if let Some(text) = root.text(name, MOST_BYTES)? {
            found.push((name, text));
        }
    }
    let folder = || root.path().to_owned();
    match found.pop() {
        None => Err(FolderError::NoManifest(folder())),
        Some((name, text)) if found.is_empty() => Ok((name.to_owned(), text)),
        Some((last, _)) => Err(FolderError::TwoManifests {
            folder: folder(),
            names: found.into_iter().map(|(name, _)| name).chain([last]).collect(),
        }),
    }
}

/// Reads it twice, JSON as YAML too: for its form, with good words for what is wrong, and for its values, with their digits.
fn parse(file: &Path, text: &str) -> Result<Manifest, FolderError> {
    let wrong = |problem| FolderError::Manifest {
        file: file.to_owned(),
        problem,
    };
    let options = serde_saphyr::options! { strict_booleans: true };
    let manifest: Manifest =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| wrong(problem(file, text, &error)))?;
    let said = yaml::read(text).map_err(|bad| wrong(bad.to_string()))?;
    let said = said.root.map(|root| root.value()).unwrap_or_default();
    Ok(manifest.with_values_of(&said))
}

/// What is wrong, with the lines of the file around it. Left out is what only a caller of the library could set.
fn problem(file: &Path, text: &str, error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    if message.contains("multiple YAML documents") {
        let line = text.lines().skip(1).position(|line| line.starts_with("---"));
        let line = line.map_or(1, |after_first| after_first + 2);
        return format!("line {line} column 1: it has several documents, with `---` between them: a manifest is one");
    }
    let message = message
        .replace("<input>", &file.display().to_string())
        .replace(
            "invalid boolean (strict mode expects true/false)",
            "write `true` or `false`: any other word is a text",
        )
        .replace(", set DuplicateKeyPolicy in Options if acceptable", "");
    suggestion::added(&message)
}
