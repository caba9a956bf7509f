//! The code blocks of all pages, done as they say: files are written, commands run, and what they print is compared.
//!
//! Only this is different from what a reader does: the clone is a copy of this repository and what is in `dist/`; cargo builds,
//! and plays the demo, in the repository itself; dependencies are those of its `Cargo.lock`; gates have ports of their own.
#![allow(clippy::print_stdout, reason = "times that people want to see")]

mod blocks;
mod pages;
mod script;
mod tree;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rstest::rstest;
use tidegate_gate::config::{self, Environment};
use tidegate_harness::{Command, Process, Ready, free_port, repository};
use tidegate_tests::missing;

use blocks::Block;
use pages::{ELSEWHERE, PAGES, is_elsewhere, is_meant};

/// How long a page may take: one compiles a policy, natively and for wasm.
const PATIENCE: Duration = Duration::from_mins(15);

#[rstest]
#[case::readme("README.md")]
#[case::quick_start("docs/quick-start.md")]
#[case::plain_files("docs/plain-files.md")]
#[case::rules("docs/rules.md")]
#[case::guide("docs/policies-in-code.md")]
#[case::c("bindings/c/README.md")]
#[case::go("bindings/go/README.md")]
#[case::java("bindings/java/README.md")]
#[case::node("bindings/node/README.md")]
#[case::python("bindings/python/README.md")]
#[case::policy_python("examples/policy-python/README.md")]
#[case::policy_typescript("examples/policy-typescript/README.md")]
#[tokio::test]
async fn everything_on_a_page_works_as_it_says(#[case] path: &str) {
    let page = PAGES.iter().find(|page| page.path == path).expect("a page");
    if page.needs.iter().any(|program| missing(program, path)) {
        return;
    }
    // Not below the repository: there, cargo would take a new crate for a member of its workspace.
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out");
    fs::create_dir(&out).expect("a directory");
    tree::clone(&dir.path().join("tidegate"));
    let [listen, admin] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
    let text = read(path)
        .replace("localhost:8080", &listen)
        .replace("localhost:8081", &admin)
        .replace("../tidegate/guest", &repository().join("guest").display().to_string());
    fs::write(
        dir.path().join("page.sh"),
        script::write(&blocks::of(&text), &out, page),
    )
    .expect("a script");

    let variable = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
    let ready = Ready::Log(script::DONE.to_owned());
    let bash = Command::new("bash", Path::new("bash"), dir.path().to_owned(), ready)
        .args(["page.sh"])
        .patience(PATIENCE)
        .env(&[
            ("TIDEGATE_LISTEN".to_owned(), listen.clone()),
            ("TIDEGATE_ADMIN__LISTEN".to_owned(), admin.clone()),
            ("TIDEGATE_ADMIN".to_owned(), format!("http://{admin}")),
            ("TIDEGATE_URL".to_owned(), format!("http://{listen}")),
            variable("OUT", &out),
            variable("REPOSITORY", &repository()),
            variable("TARGET", &tree::target()),
            variable("LOCK", &repository().join("Cargo.lock")),
            ("CARGO_NET_OFFLINE".to_owned(), "true".to_owned()),
        ]);
    let started = Instant::now();
    // Killed at the end with all that it has started: gates.
    let _bash = Process::start(bash).await.unwrap_or_else(|error| panic!("{error:#}"));
    println!("{path}: {:.1?}", started.elapsed());
}

/// A new page, or a block of another kind, is not forgotten.
#[test]
fn no_block_of_any_page_is_left_untried() {
    assert_eq!(PAGES.len(), 12, "each has its case above");
    for path in pages() {
        let run = PAGES.iter().any(|page| page.path == path);
        for block in blocks::of(&read(&path)) {
            let is_tried = match &block {
                Block::File(file, _) => run || is_configuration(file),
                Block::Shell(..) => run,
                Block::Code(..) => false,
            };
            assert!(
                is_tried || is_elsewhere(&path, &block),
                "nobody tries this block of {path}: {block:?}"
            );
        }
    }
}

#[test]
fn a_test_that_tries_a_block_reads_its_page() {
    for (page, what, who) in ELSEWHERE {
        let blocks = blocks::of(&read(page));
        let count = blocks.iter().filter(|block| is_meant(what, block)).count();
        // These are read by several tests, each of which takes the first block of its language.
        let is_shared = matches!(*page, "README.md" | "docs/bindings.md");
        assert!(
            count == 1 || count > 1 && !is_shared,
            "{count} blocks of {page} for {who}"
        );
        if Path::new(who).extension().is_some() {
            let name = Path::new(page).file_name().expect("a name").to_str().expect("text");
            assert!(read(who).contains(name), "{who} does not read {page}");
        }
    }
}

/// What a page calls a configuration is one.
#[test]
fn every_configuration_on_a_page_can_be_used() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut tried = BTreeSet::new();
    for path in pages() {
        for block in blocks::of(&read(&path)) {
            if let Block::File(file, text) = block
                && is_configuration(&file)
            {
                let written = dir.path().join(&file);
                fs::write(&written, text).expect("written");
                if let Err(error) = config::read(Some(&written), &Environment::default()) {
                    panic!("{file} of {path}: {error}");
                }
                tried.insert(file);
            }
        }
    }
    assert!(tried.len() > 2, "{tried:?}");
}

/// Whether a file is the configuration of a gate, and not the manifest of a policy.
fn is_configuration(file: &str) -> bool {
    let path = Path::new(file);
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml");
    // Those in folders are policies and their cases.
    is_yaml && path.components().count() == 1 && file != "policy.yaml"
}

fn read(page: &str) -> String {
    fs::read_to_string(repository().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// All pages of the repository.
fn pages() -> Vec<String> {
    let files = tree::files();
    let is_page = |file: &String| Path::new(file).extension().is_some_and(|extension| extension == "md");
    files.into_iter().filter(is_page).collect()
}
