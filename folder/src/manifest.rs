//! Reads the manifest of a folder, which is YAML or JSON. Knows nothing of what is in it.

use std::path::Path;

use tidegate_policy::Manifest;

use crate::{error::FolderError, root::Root};

/// The names that a manifest may have.
const NAMES: [&str; 3] = ["policy.yaml", "policy.yml", "policy.json"];

/// The most bytes of a manifest.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn read(root: &Root) -> Result<Manifest, FolderError> {
    let mut found = Vec::new();
    for name in NAMES {
        if let Some(text) = root.text(name, MOST_BYTES)? {
            found.push((name, text));
        }
    }
    let folder = || root.path().to_owned();
    match &found[..] {
        [] => Err(FolderError::NoManifest(folder())),
        [(name, text)] => parse(&root.shown(name), text),
        _ => Err(FolderError::TwoManifests {
            folder: folder(),
            names: found.into_iter().map(|(name, _)| name).collect(),
        }),
    }
}

fn parse(file: &Path, text: &str) -> Result<Manifest, FolderError> {
    // JSON is YAML.
    serde_saphyr::from_str(text).map_err(|error| FolderError::Manifest {
        file: file.to_owned(),
        problem: problem(file, &error),
    })
}

/// What is wrong, with the lines of the file around it. Left out is what only a caller of the library could set.
fn problem(file: &Path, error: &serde_saphyr::Error) -> String {
    let message = error.to_string();
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    if message.contains("multiple YAML documents") {
        return "it has several documents, with `---` between them: a manifest is one".to_owned();
    }
    message
        .replace("<input>", &file.display().to_string())
        .replace(", set DuplicateKeyPolicy in Options if acceptable", "")
}
