//! Reads the schemas of a folder: those that the manifest names, and those that they refer to by a path, within bounds. Other files
//! do not belong to the policy. Knows nothing of schemas but `$ref`.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use tidegate_policy::{File, Manifest};

use crate::{error::FolderError, root::Root};

/// The most files.
pub(crate) const MOST_FILES: usize = 2000;
/// The most bytes of all files together.
const MOST_BYTES: u64 = 4 << 20;

/// The files, sorted by name, so that the same folder gives the same bundle everywhere. Those that the manifest names have plain names.
/// One that is not there is left out: the compiler of the schemas says which schema needs it.
pub(crate) fn read(root: &Root, manifest: &Manifest) -> Result<Vec<File>, FolderError> {
    let types = manifest.event_types.values();
    let mut wanted: Vec<String> = types.flat_map(|known| known.versions.values().cloned()).collect();
    let mut files = BTreeMap::new();
    let mut left = MOST_BYTES;
    while let Some(name) = wanted.pop() {
        if files.contains_key(&name) {
            continue;
        }
        let Some(text) = root.text(&name, MOST_BYTES)? else {
            continue;
        };
        let too_large = |limit| FolderError::TooLarge {
            folder: root.path().to_owned(),
            limit,
        };
        left = left
            .checked_sub(text.len() as u64)
            .ok_or_else(|| too_large("4 MiB of schemas"))?;
        if files.len() == MOST_FILES {
            return Err(too_large("2,000 schemas"));
        }
        if let Ok(schema) = serde_json::from_str(&text) {
            wanted.extend(references(&schema, &name));
        }
        files.insert(name, text);
    }
    let file = |(name, text): (String, String)| File {
        name: name.into(),
        text: text.into(),
    };
    Ok(files.into_iter().map(file).collect())
}

/// Whether a name is a path in the folder that is written in one way only, and of a file that a gate watches.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_visible = |part: &str| !part.is_empty() && !part.starts_with('.');
    let is_json = Path::new(name).extension().is_some_and(|extension| extension == "json");
    is_json && name.split('/').all(is_visible) && !name.contains(char::is_control)
}

/// The names of the files that a schema, in the file `base`, refers to by a path.
pub fn references(schema: &Value, base: &str) -> Vec<String> {
    let mut found = Vec::new();
    find_references(schema, base, &mut found);
    found
}

/// Adds the names of the files that a schema, in the file `base`, refers to.
fn find_references(schema: &Value, base: &str, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(reference) if name == "$ref" || name == "$dynamicRef" => {
                        found.extend(resolve(base, reference).filter(|name| is_plain(name)));
                    }
                    _ => find_references(value, base, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| find_references(item, base, found)),
        _ => {}
    }
}

/// The name of the file that a relative reference leads to (RFC 3986, section 5.2); `None`: the same file, or an address.
fn resolve(base: &str, reference: &str) -> Option<String> {
    let path = reference.split(['#', '?']).next().filter(|path| !path.is_empty())?;
    if path.split('/').next()?.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').collect();
    // The file itself; of a path from the root, the folders too.
    parts.truncate(if path.starts_with('/') { 0 } else { parts.len() - 1 });
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn a_reference_leads_to_a_file_of_the_folder() {
        for (base, reference, expected) in [
            ("a.json", "b.json", Some("b.json")),
            ("order/1.json", "../common.json#/$defs/id", Some("common.json")),
            ("order/1.json", "./2.json", Some("order/2.json")),
            ("order/1.json", "/common.json", Some("common.json")),
            ("order/1.json", "../../common.json", Some("common.json")),
            ("order/1.json", "#/$defs/id", None),
            ("order/1.json", "", None),
            ("order/1.json", "https://example.com/a.json", None),
            ("order/1.json", "urn:example:a", None),
        ] {
            assert_eq!(resolve(base, reference).as_deref(), expected, "{base} {reference}");
        }
    }
}
