//! What a reader of a page has: a clone of the repository, built.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;
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

/// The files of the repository: those that git would not ignore.
pub(crate) fn files() -> Vec<String> {
    let repository = repository();
    let walk = WalkBuilder::new(&repository)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let entries = walk.map(|entry| entry.expect("readable"));
    let files = entries.filter(|entry| entry.path().is_file());
    let name = |path: &Path| {
        path.strip_prefix(&repository)
            .expect("below it")
            .to_str()
            .map(str::to_owned)
    };
    files.map(|file| name(file.path()).expect("a name in UTF-8")).collect()
}

/// The target directory in which this test was built.
pub(crate) fn target() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("a directory in the target directory").to_owned()
}
