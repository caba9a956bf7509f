//! The files of a folder as one number, which changes whenever one of them does. Reads no bytes.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::id::FileId;

/// Folders inside folders that are looked into.
const MAX_DEPTH: usize = 16;
/// The most files of a policy and folders that are looked at.
const MAX_ENTRIES: usize = 50_000;

/// Folders and what is not seen in them that the log speaks of, at most.
const MOST_SAID: usize = 100;

/// Kubernetes replaces all files of a mount by turning this link.
const MOUNTED: &str = "..data";

/// The extensions of the files that make a policy. Others are left out: the gate's own data may lie beside them.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// Of all files that could belong to a policy and whose names do not begin with a dot. A link counts as what it leads to, inside the
/// folder. Where there is more than is looked at, the log says so, once.
pub(super) fn hash(folder: &Path) -> u64 {
    let mut walk = Walk {
        root: fs::canonicalize(folder).unwrap_or_default(),
        ..Walk::default()
    };
    walk.add(folder, 0);
    if let Some(unseen) = walk.unseen
        && is_news(folder, &unseen)
    {
        tracing::warn!(
            folder = %folder.display(),
            "changes {unseen} are not seen: a policy is looked for in {MAX_DEPTH} folders inside each other and in {MAX_ENTRIES} files \
             and folders; move other files out, or use `tidegate policy reload`"
        );
    }
    walk.hasher.finish()
}

/// Where the folder itself leads, if it is a link, and where the link in a mounted `ConfigMap` does.
pub(super) fn link(folder: &Path) -> Option<u64> {
    let ends = [folder, &folder.join(MOUNTED)].map(|link| fs::read_link(link).ok());
    let mut hasher = DefaultHasher::new();
    ends.hash(&mut hasher);
    ends.iter().any(Option::is_some).then(|| hasher.finish())
}

/// Whether nothing was said yet of what is not seen in a folder.
fn is_news(folder: &Path, unseen: &str) -> bool {
    static SAID: Mutex<BTreeSet<(PathBuf, String)>> = Mutex::new(BTreeSet::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.len() < MOST_SAID && said.insert((folder.to_owned(), unseen.to_owned()))
}

/// The way through a folder.
#[derive(Default)]
struct Walk {
    /// Where the folder is.
    root: PathBuf,
    /// The folders that were looked into: links may lead in circles.
    visited: HashSet<(u64, u64)>,
    hasher: DefaultHasher,
    entries: usize,
    /// Which changes are not seen.
    unseen: Option<String>,
}

impl Walk {
    fn add(&mut self, folder: &Path, depth: usize) {
        let Ok(itself) = fs::metadata(folder) else { return };
        if !self.visited.insert((itself.dev(), itself.ino())) {
            return;
        }
        let Ok(found) = fs::read_dir(folder) else { return };
        let mut found: Vec<_> = found.filter_map(Result::ok).collect();
        found.sort_unstable_by_key(fs::DirEntry::file_name);
        for entry in found {
            let name = entry.file_name();
            let path = entry.path();
            let kind = entry.file_type();
            let is_folder = kind.as_ref().is_ok_and(fs::FileType::is_dir);
            let is_link = kind.is_ok_and(|kind| kind.is_symlink());
            let may_count = is_folder || is_link || is_of_a_policy(&path);
            if name.as_encoded_bytes().starts_with(b".") || !may_count {
                continue;
            }
            if self.entries == MAX_ENTRIES {
                self.unseen
                    .get_or_insert_with(|| format!("of {} and what follows", path.display()));
                return;
            }
            self.entries += 1;
            let found = fs::metadata(&path);
            let is_linked_folder = !is_folder && found.as_ref().is_ok_and(fs::Metadata::is_dir);
            let leads_inside = || fs::canonicalize(&path).is_ok_and(|end| end.starts_with(&self.root));
            let is_inside = is_folder || is_linked_folder && leads_inside();
            if is_inside && depth == MAX_DEPTH {
                self.unseen.get_or_insert_with(|| format!("in {}", path.display()));
            } else if is_inside {
                name.hash(&mut self.hasher);
                self.add(&path, depth + 1);
            }
            if is_linked_folder {
                // Which one it is: what is in it is looked at, or nothing of it is read.
                let folder = found.map(|metadata| (metadata.dev(), metadata.ino()));
                (name, folder.map_err(|error| error.kind())).hash(&mut self.hasher);
            } else if is_of_a_policy(&path) {
                name.hash(&mut self.hasher);
                let id = found.map(|metadata| FileId::of(&metadata));
                id.map_err(|error| error.kind()).hash(&mut self.hasher);
            }
        }
    }
}

fn is_of_a_policy(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::{MAX_DEPTH, Walk, hash, link};

    #[test]
    fn the_number_changes_with_any_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path();
        fs::create_dir(path.join("inner")).expect("made");
        let mut before = hash(path);
        let mut assert_changed = |what: &str, is_changed: bool| {
            let now = hash(path);
            assert_eq!(now != before, is_changed, "{what}");
            before = now;
        };
        fs::write(path.join("inner/a.json"), "{}").expect("written");
        assert_changed("a new file", true);
        fs::write(path.join("inner/a.json"), "[1]").expect("written");
        assert_changed("another text", true);
        fs::write(path.join(".a.json.swp"), "{}").expect("written");
        assert_changed("a hidden file", false);
        fs::write(path.join("tidegate.db"), "events").expect("written");
        assert_changed("a file of another kind", false);
        fs::rename(path.join("inner/a.json"), path.join("inner/b.json")).expect("renamed");
        assert_changed("another name", true);
        symlink("inner/b.json", path.join("link.json")).expect("linked");
        symlink(".", path.join("circle")).expect("linked");
        assert_changed("a link", true);
        fs::write(path.join("inner/c.json"), "{}").expect("written");
        fs::remove_file(path.join("link.json")).expect("removed");
        symlink("inner/c.json", path.join("link.json")).expect("linked");
        assert_changed("a link that leads elsewhere", true);
        fs::create_dir(path.join(".v1")).expect("made");
        fs::write(path.join(".v1/d.json"), "{}").expect("written");
        assert_changed("a hidden folder", false);
        symlink(".v1", path.join("schemas")).expect("linked");
        assert_changed("a link to a hidden folder", true);
        fs::write(path.join(".v1/d.json"), "[2]").expect("written");
        assert_changed("a file behind such a link", true);
        let outside = tempfile::tempdir().expect("a directory");
        symlink(outside.path(), path.join("outside")).expect("linked");
        assert_changed("a link to the outside", true);
        fs::create_dir(outside.path().join("inner")).expect("made");
        fs::write(outside.path().join("inner/e.json"), "{}").expect("written");
        hash(path);
    }

    #[test]
    fn what_is_not_looked_at_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let unseen = || {
            let mut walk = Walk::default();
            walk.add(dir.path(), 0);
            walk.unseen
        };
        let deepest = |depth| vec!["d"; depth].join("/");
        fs::create_dir_all(dir.path().join(deepest(MAX_DEPTH))).expect("made");
        assert_eq!(unseen(), None);
        let beyond = dir.path().join(deepest(MAX_DEPTH + 1));
        fs::create_dir(&beyond).expect("made");
        assert_eq!(unseen(), Some(format!("in {}", beyond.display())));
    }

    #[test]
    fn the_links_by_which_a_folder_is_replaced_are_seen() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path();
        for name in ["..one", "..other", "plain"] {
            fs::create_dir(path.join(name)).expect("made");
        }
        assert_eq!(link(&path.join("plain")), None);
        let mounted = |to| {
            symlink(to, path.join("..new")).expect("linked");
            fs::rename(path.join("..new"), path.join("..data")).expect("renamed");
            link(path).expect("a link")
        };
        assert_ne!(mounted("..one"), mounted("..other"));
        symlink("plain", path.join("policy")).expect("linked");
        assert!(link(&path.join("policy")).is_some(), "the folder is a link itself");
    }
}
