//! What a reader of a page has: a clone of the repository, built.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use tidegate_harness::repository;
use tidegate_tests::{dist, next_policy};

/// Makes it. What is in `dist/` and `target/` is not built again, and what a page adds to `dist/` stays there.
pub(crate) fn clone(into: &Path) {
    let repository = repository();
    for file in files() {
        fs::create_dir_all(into.join(&file).parent().expect("a parent")).expect("a directory");
        fs::copy(repository.join(&file), into.join(&file)).expect("copied");
    }
    fs::create_dir(into.join("dist")).expect("a directory");
    for file in [dist("tidegate"), dist("policy.wasm"), next_policy()] {
        let name = file.file_name().expect("a name");
        symlink(&file, into.join("dist").join(name)).expect("a link");
    }
    for folder in ["lib", "include"] {
        symlink(repository.join("dist").join(folder), into.join("dist").join(folder)).expect("a link");
    }
    symlink(target(), into.join("target")).expect("a link");
}

/// The files of the repository: those that are committed, and those that will be.
pub(crate) fn files() -> Vec<String> {
    let listed = Command::new("git")
        // Also where the repository is another user's, as in a container.
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(repository())
        .output()
        .expect("git runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let files = String::from_utf8(listed.stdout).expect("names in UTF-8");
    // What was deleted, and is not yet committed, is listed.
    let is_there = |file: &&str| repository().join(file).is_file();
    files
        .split_terminator('\0')
        .filter(is_there)
        .map(str::to_owned)
        .collect()
}

/// The target directory in which this test was built.
pub(crate) fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("a directory in the target directory").to_owned()
}
