//! The files that are counted, from the working tree or from git, with the crate that each belongs to.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};

/// The texts of files by their paths from the root.
pub(super) type Files = BTreeMap<String, String>;

/// The folders of the product.
const FOLDERS: [&str; 10] = [
    "host", "engine", "guest", "text", "letter", "cel", "folder", "prove", "infer", "prebuilt",
];

/// Folders that hold no code of the product.
const NOT_PRODUCT: [&str; 4] = ["tests", "benches", "examples", "fuzz"];

/// The files of the working tree.
pub(super) fn in_tree(root: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders: Vec<_> = FOLDERS.iter().map(|folder| (*folder).to_owned()).collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.with_context(|| folder.clone())?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                // Cargo's, where a crate is built by itself.
                if !path.ends_with("/target") {
                    folders.push(path);
                }
            } else if is_counted(&path) {
                let text = fs::read_to_string(entry.path()).with_context(|| path.clone())?;
                files.insert(path, text);
            }
        }
    }
    Ok(files)
}

/// The files of a revision.
pub(super) fn at(root: &Path, revision: &str) -> Result<Files> {
    let mut list = git(root);
    list.args(["ls-tree", "-r", "--name-only", "--full-tree", revision, "--"]);
    let list = printed(list.args(FOLDERS))?;
    let paths = list.lines().filter(|path| is_counted(path));
    paths
        .map(|path| {
            let text = printed(git(root).args(["show", &format!("{revision}:{path}")]))?;
            Ok((path.to_owned(), text))
        })
        .collect()
}

/// The crate of a file: `host/model`, or `host` before it was split.
pub(super) fn folder(path: &str) -> &str {
    let krate = path.split_once("/src/").map_or(path, |(krate, _)| krate);
    krate.strip_suffix("/build.rs").unwrap_or(krate)
}

fn is_counted(path: &str) -> bool {
    let outside = path.split_once("/src/").map_or(path, |(outside, _)| outside);
    let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
    is_rust && !outside.split('/').any(|folder| NOT_PRODUCT.contains(&folder))
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(root);
    git
}

fn printed(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command.output().context("git cannot be run")?;
    ensure!(status.success(), "git: {}", String::from_utf8_lossy(&stderr).trim());
    String::from_utf8(stdout).context("a file is not in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::{folder, is_counted};

    #[test]
    fn a_file_belongs_to_its_crate() {
        assert_eq!(folder("host/model/src/claim/key.rs"), "host/model");
        assert_eq!(folder("host/src/main.rs"), "host");
        assert_eq!(folder("guest/build.rs"), "guest");
    }

    #[test]
    fn tests_of_a_crate_are_not_counted() {
        assert!(is_counted("guest/src/examples/of.rs"));
        assert!(is_counted("guest/build.rs"));
        for path in [
            "guest/tests/vectors.rs",
            "guest/fuzz/fuzz_targets/policy.rs",
            "guest/Cargo.toml",
        ] {
            assert!(!is_counted(path), "{path}");
        }
    }
}
