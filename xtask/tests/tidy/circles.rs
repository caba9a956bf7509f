//! Modules do not depend on each other in a circle. A module is a file here: what it has in braces belongs to it.
//!
//! A file depends on another when a path in it (`crate::`, `super::`, `self::`, a child's or an imported name) leads to something
//! that is defined there; through `pub use` it leads on. Comments, strings and what stands behind `#[cfg(test)]` do not count, nor does
//! the line `mod child;`.

mod graph;
mod modules;
mod resolve;
mod uses;

use std::path::Path;

use self::{graph::Graph, modules::Modules};
use crate::tree;

#[test]
fn no_crate_has_a_circle_of_modules() {
    let mut circles = Vec::new();
    for package in tree::packages() {
        for target in &package.targets {
            let found = circles_of(&target.src_path);
            circles.extend(found.iter().map(|circle| format!("{}: {circle}", package.name)));
        }
    }
    assert!(
        circles.is_empty(),
        "{} circles of modules. Move what both need into a module of its own.\n\n{}",
        circles.len(),
        circles.join("\n")
    );
}

/// The circles of one crate, each as lines of `file:line uses path, in`.
fn circles_of(root: &Path) -> Vec<String> {
    let modules = Modules::read(root);
    let graph = Graph::new(modules.edges());
    graph.circles().iter().map(|circle| modules.shown(circle)).collect()
}
