//! The cases of a policy: read from the files in its folder `tests`. Knows no policy.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_folder::yaml::{self, Kind, Node};
use tidegate_model::{
    attributes::Attributes,
    envelope::{Flaw, Headers, unwrap},
};

use super::answer::{Answer, Name};

/// The folder of the cases, in that of the policy.
pub(super) const FOLDER: &str = "tests";

/// The time at which an event is judged when its case names none: the same on every day.
const NOW: &str = "2026-01-01T00:00:00Z";

/// A file of cases.
#[derive(Debug)]
pub(super) struct CaseFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// The bytes of each comment.
    pub(super) comments: Vec<Range<usize>>,
    pub(super) cases: Vec<Case>,
}

/// An event and what is expected of the policy.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) event: Bytes,
    pub(super) attributes: Attributes,
    /// What is wrong with its envelope.
    pub(super) flaw: Option<Flaw>,
    pub(super) now: String,
    /// The version in which it shall leave; `None`: that of its type.
    pub(super) target: Option<String>,
    /// `None`: it is not said.
    pub(super) expected: Option<Answer>,
    /// The case as it is written.
    pub(super) node: Node,
}

/// A case as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    event: Option<Value>,
    file: Option<PathBuf>,
    attributes: Option<Map<String, Value>>,
    now: Option<String>,
    target: Option<Name>,
    expect: Option<Answer>,
}

/// Reads all files of cases of a policy's folder, by name. Folders in `tests` hold the files that cases name.
pub(super) fn read(folder: &Path) -> anyhow::Result<Vec<CaseFile>> {
    let tests = folder.join(FOLDER);
    let found = match fs::read_dir(&tests) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", tests.display())),
    };
    let mut paths = Vec::new();
    for entry in found {
        let path = entry
            .with_context(|| format!("{} cannot be read", tests.display()))?
            .path();
        if is_of_cases(&path) {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    paths.into_iter().map(file).collect()
}

/// Whether a file in `tests` holds cases.
fn is_of_cases(path: &Path) -> bool {
    let is_hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let extension = path.extension().and_then(|extension| extension.to_str());
    !is_hidden && matches!(extension, Some("yaml" | "yml" | "json")) && path.is_file()
}

fn file(path: PathBuf) -> anyhow::Result<CaseFile> {
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let document = yaml::read(&text).map_err(|bad| anyhow!("{}:{}: {}", path.display(), bad.line, bad.what))?;
    let items = match document.root.map(|root| (root.line, root.kind)) {
        None => Vec::new(),
        Some((_, Kind::List(items))) => items,
        Some((line, _)) => bail!(
            "{}:{line}: a file of cases is a list: begin each case with `- name: …`",
            path.display()
        ),
    };
    let cases: anyhow::Result<_> = items.into_iter().map(|node| case(&path, node)).collect();
    Ok(CaseFile {
        cases: cases?,
        path,
        text,
        comments: document.comments,
    })
}

fn case(file: &Path, node: Node) -> anyhow::Result<Case> {
    let at = |line: usize| format!("{}:{line}", file.display());
    let written: Written = serde_path_to_error::deserialize(node.value()).map_err(|error| {
        let names: Vec<String> = error.path().iter().map(ToString::to_string).collect();
        let line = node.nearest(names.iter().map(String::as_str)).line;
        anyhow!("{}: {}", at(line), error.inner())
    })?;
    let event = match (written.event, written.file) {
        (Some(Value::String(text)), None) => text.into(),
        (Some(event), None) => event.to_string().into(),
        (None, Some(name)) => {
            let path = file.with_file_name("").join(name);
            let bytes = fs::read(&path);
            let line = node.nearest(["file"]).line;
            bytes
                .with_context(|| format!("{}: {} cannot be read", at(line), path.display()))?
                .into()
        }
        _ => bail!(
            "{}: the case {:?} has an event, or a file with one",
            at(node.line),
            written.name
        ),
    };
    let (event, attributes, flaw) = match written.attributes {
        None => {
            let unwrapped = unwrap(event, false, &Headers::NONE);
            (unwrapped.event, unwrapped.attributes, unwrapped.flaw)
        }
        Some(attributes) => {
            let line = node.nearest(["attributes"]).line;
            let attributes = Attributes::of(attributes).map_err(|bad| anyhow!("{}: {bad}", at(line)))?;
            (event, attributes, None)
        }
    };
    let now = written.now.unwrap_or_else(|| NOW.to_owned());
    if !tidegate_engine::is_time(&now) {
        bail!(
            "{}: {now:?} is no time: write one such as {NOW}",
            at(node.nearest(["now"]).line)
        );
    }
    Ok(Case {
        name: written.name,
        event,
        attributes,
        flaw,
        now,
        target: written.target.and_then(|Name(target)| target),
        expected: written.expect.filter(|expect| !expect.is_empty()),
        node,
    })
}
