//! The crates of the gate depend downward only.

use std::path::Path;

use crate::tree::{self, Package};

/// The crates of `host/`, from the bottom up. Those of one layer do not depend on each other.
const LAYERS: [&[&str]; 8] = [
    &["model"],
    &["metrics"],
    &["policies"],
    &["pipeline"],
    &["http"],
    &["dapr", "sqlite"],
    &["gate"],
    &["cli"],
];

#[test]
fn crates_of_the_gate_depend_downward() {
    let packages = tree::packages();
    let crates: Vec<_> = packages.iter().filter(|package| folder(package).is_some()).collect();
    assert!(crates.len() > 1, "no crates below host/");
    let upward: Vec<_> = crates.into_iter().flat_map(upward).collect();
    assert!(
        upward.is_empty(),
        "a crate of host/ depends on one that is not below it: {upward:#?}"
    );
}

/// The dependencies of a crate that are not below it.
fn upward(package: &Package) -> Vec<String> {
    let own = folder(package).expect("a crate of host/");
    let dependencies = package.dependencies.iter();
    let within = dependencies.filter_map(|dependency| name(dependency.path.as_deref()?));
    within
        .filter(|other| layer(other) >= layer(&own))
        .map(|other| format!("host/{own} → host/{other}"))
        .collect()
}

fn folder(package: &Package) -> Option<String> {
    name(package.manifest_path.parent()?)
}

/// `model` of `host/model`.
fn name(folder: &Path) -> Option<String> {
    let name = folder.strip_prefix(tree::root().join("host")).ok()?;
    Some(name.display().to_string())
}

fn layer(name: &str) -> usize {
    let layer = LAYERS.iter().position(|layer| layer.contains(&name));
    layer.unwrap_or_else(|| panic!("host/{name} has no layer: give it one in xtask/tests/tidy/layers.rs"))
}
