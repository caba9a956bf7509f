//! The bundle of a folder of plain files, or of the one file that holds them: a manifest, and the JSON Schemas that it names.
//!
//! `read` reads files and judges nothing: schemas may be hostile, so a gate makes the policy of a bundle where it can do no harm.
//! `check` is for authors: it makes the policy natively, and says in which file and line something is wrong. Knows no WebAssembly and
//! no gate.

mod document;
mod error;
mod files;
mod keywords;
mod manifest;
mod place;
mod position;
mod root;
mod scalar;
mod suggestion;
pub mod yaml;

use std::path::{Path, PathBuf};

use tidegate_letter::Template;
use tidegate_policy::{Bundle, Code, Policy};

use self::root::Root;
pub use self::{
    document::{is_document, parse_document},
    error::FolderError,
    files::references,
    position::{Position, position},
};

/// The JSON Schema of a manifest, for editors.
pub const MANIFEST_SCHEMA: &str = include_str!("../policy.schema.json");

/// Reads a folder, as one document.
pub fn read_document(folder: &Path) -> Result<String, FolderError> {
    document::write(&read(folder)?)
}

/// Reads a folder.
pub fn read(folder: &Path) -> Result<Bundle, FolderError> {
    let root = Root::open(folder)?;
    let manifest = manifest::read(&root)?;
    Ok(Bundle {
        files: files::read(&root, &manifest)?,
        manifest,
    })
}

/// Reads the folder of an author and makes its policy. An error says where its cause stands.
pub fn check(folder: &Path) -> Result<(Bundle, Policy), FolderError> {
    let bundle = read(folder)?;
    let template = bundle.manifest.dead_letters.template.as_ref();
    if let Some(Err(wrong)) = template.map(Template::parse) {
        let path = ["dead_letters", "template"].map(str::to_owned).into_iter();
        let (file, position) = locate(folder, &path.chain(wrong.path).collect::<Vec<_>>())?;
        return Err(FolderError::Template {
            file,
            position,
            source: Box::new(wrong.problem),
        });
    }
    for schema in &bundle.files {
        let slip = serde_json::from_str(&schema.text)
            .ok()
            .and_then(|schema| keywords::slip(&schema));
        if let Some(slip) = slip {
            let (file, position) = locate_in(folder, Some(&schema.name), &slip.path)?;
            return Err(FolderError::Keyword {
                file,
                position,
                keyword: slip.keyword,
                meant: slip.meant,
            });
        }
    }
    match Policy::new(&bundle, Code::default()) {
        Ok(policy) => Ok((bundle, policy)),
        Err(source) => {
            let place = place::of(&source, &bundle);
            let (file, found) = locate_in(folder, place.file.as_deref(), &place.path)?;
            Err(FolderError::Policy {
                file,
                position: place.position.or(found),
                source: Box::new(source),
            })
        }
    }
}

/// The manifest of a folder, and where in it these keys and indices lead.
pub fn locate(folder: &Path, path: &[String]) -> Result<(PathBuf, Option<Position>), FolderError> {
    locate_in(folder, None, path)
}

fn locate_in(folder: &Path, file: Option<&str>, path: &[String]) -> Result<(PathBuf, Option<Position>), FolderError> {
    let root = Root::open(folder)?;
    let (name, text) = match file {
        Some(file) => (
            file.to_owned(),
            root.text(file, u64::from(u32::MAX))?.unwrap_or_default(),
        ),
        None => manifest::text(&root)?,
    };
    Ok((root.shown(&name), position(&text, path)))
}
