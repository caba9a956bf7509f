//! Modules do not depend on each other in a circle. A module is a file here: what it has in braces belongs to it.
//!
//! A file depends on another when a path in it (`crate::`, `super::`, `self::`, a child's or an imported name) leads to something
//! that is defined there; through `pub use` it leads on. Comments, strings and what stands behind `#[cfg(test)]` do not count, nor does
//! the line `mod child;`.

mod graph;
mod modules;
mod resolve;
mod uses;

use std::{collections::BTreeMap, path::Path};

use self::{graph::Graph, modules::Modules};
use crate::tree;

/// Circles that are still there, by crate: most are a parent module and a child that extends its type. The number only goes
/// down; a crate that is not listed has none.
const REMAINING: &[(&str, usize)] = &[
    ("tidegate", 10),
    ("tidegate-dapr", 1),
    ("tidegate-gate", 5),
    ("tidegate-harness", 4),
    ("tidegate-http", 2),
    ("tidegate-model", 2),
    ("tidegate-pipeline", 4),
    ("tidegate-policies", 6),
];

#[test]
fn no_crate_has_more_circles_of_modules_than_remain() {
    let mut circles = BTreeMap::<String, Vec<String>>::new();
    for package in tree::packages() {
        for target in &package.targets {
            let found = circles_of(&target.src_path);
            circles.entry(package.name.clone()).or_default().extend(found);
        }
    }
    for (name, found) in circles {
        let allowed = REMAINING.iter().find(|(package, _)| *package == name);
        let allowed = allowed.map_or(0, |(_, count)| *count);
        assert_eq!(
            found.len(),
            allowed,
            "circles of modules in {name}; {allowed} are listed. Move what both need into a module of its own, or lower the \
             number.\n\n{}",
            found.join("\n")
        );
    }
}

/// The circles of one crate, each as lines of `file:line uses path, in`.
fn circles_of(root: &Path) -> Vec<String> {
    let modules = Modules::read(root);
    let graph = Graph::new(modules.edges());
    graph.circles().iter().map(|circle| modules.shown(circle)).collect()
}
