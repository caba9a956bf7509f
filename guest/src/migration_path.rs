//! The migration paths of an event type: the shortest sequence of steps between every two versions. Knows versions by their
//! names and nothing of events.

use std::collections::VecDeque;

use crate::steps::{Step, StepFn};

/// A sequence of steps from one version of a type to another.
#[derive(Debug, Clone)]
pub(crate) struct MigrationPath {
    /// The versions on it, both ends included, as indices into the type's versions.
    pub(crate) versions: Vec<usize>,
    pub(crate) steps: Vec<StepFn>,
}

/// The shortest path between every two versions of a type: `paths[from][to]`.
pub(crate) fn shortest_paths(event_type: &str, versions: &[&str], steps: &[Step]) -> Vec<Vec<Option<MigrationPath>>> {
    (0..versions.len())
        .map(|from| paths_from(from, event_type, versions, steps))
        .collect()
}

/// Breadth first, so that the first path to a version is a shortest one.
fn paths_from(from: usize, event_type: &str, versions: &[&str], steps: &[Step]) -> Vec<Option<MigrationPath>> {
    let mut paths: Vec<Option<MigrationPath>> = versions.iter().map(|_| None).collect();
    paths[from] = Some(MigrationPath {
        versions: vec![from],
        steps: Vec::new(),
    });
    let mut next = VecDeque::from([from]);
    while let Some(at) = next.pop_front() {
        let Some(here) = paths[at].clone() else {
            continue;
        };
        for to in 0..versions.len() {
            if paths[to].is_some() {
                continue;
            }
            if let Some(step) = direct(event_type, versions[at], versions[to], steps) {
                let mut path = here.clone();
                path.versions.push(to);
                path.steps.push(step);
                paths[to] = Some(path);
                next.push_back(to);
            }
        }
    }
    paths
}

/// The step from one version to another, the last one in the table if there are several.
fn direct(event_type: &str, from: &str, to: &str, steps: &[Step]) -> Option<StepFn> {
    steps
        .iter()
        .rev()
        .filter(|step| step.event_types.is_none_or(|types| types.contains(&event_type)))
        .find_map(|step| {
            match (
                from == step.older && to == step.newer,
                from == step.newer && to == step.older,
            ) {
                (true, _) => step.up,
                (_, true) => step.down,
                _ => None,
            }
        })
}
