//! The migration paths of an event type: the best sequence of steps between every two versions. Knows versions by their names and
//! nothing of events.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::manifest::Migration;
use crate::operation::Way;
use crate::steps::{Members, Step, StepError, StepFn};

/// A sequence of steps from one version of a type to another.
#[derive(Debug, Clone)]
pub(crate) struct MigrationPath {
    /// The versions on it, both ends included, as indices into the type's versions.
    pub(crate) versions: Vec<usize>,
    pub(crate) steps: Vec<PathStep>,
    /// How many of the steps may lose something.
    lossy: usize,
    /// Where each step stands among those that there are.
    order: Vec<usize>,
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(crate) enum PathStep {
    /// Code.
    Code(StepFn),
    /// A migration of the manifest, in one direction.
    Data(Arc<Migration>, Way),
}

/// Where the steps between the versions of a type come from. Those of the manifest come first; of the code, the last one added.
pub(crate) struct Steps<'a> {
    pub(crate) event_type: &'a str,
    pub(crate) migrations: Vec<Arc<Migration>>,
    pub(crate) code: &'a [Step],
}

/// The best path between every two versions of a type, `paths[from][to]`: the fewest steps that may lose something, then the
/// fewest steps, then the first ones of the manifest.
pub(crate) fn best_paths(versions: &[&str], steps: &Steps<'_>) -> Vec<Vec<Option<MigrationPath>>> {
    (0..versions.len())
        .map(|from| paths_from(from, versions, steps))
        .collect()
}

/// Dijkstra's algorithm.
fn paths_from(from: usize, versions: &[&str], steps: &Steps<'_>) -> Vec<Option<MigrationPath>> {
    let mut paths: Vec<Option<MigrationPath>> = versions.iter().map(|_| None).collect();
    paths[from] = Some(MigrationPath {
        versions: vec![from],
        steps: Vec::new(),
        lossy: 0,
        order: Vec::new(),
    });
    let mut open = BTreeSet::from([((0, 0, Vec::new()), from)]);
    while let Some((_, at)) = open.pop_first() {
        let Some(here) = paths[at].clone() else {
            continue;
        };
        for to in (0..versions.len()).filter(|to| !here.versions.contains(to)) {
            let Some((order, step)) = steps.between(versions[at], versions[to]) else {
                continue;
            };
            let mut path = here.clone();
            path.versions.push(to);
            path.lossy += usize::from(step.is_lossy());
            path.steps.push(step);
            path.order.push(order);
            let known = paths[to].as_ref().map(MigrationPath::cost);
            if known.is_none_or(|known| path.cost() < known) {
                open.insert((path.cost(), to));
                paths[to] = Some(path);
            }
        }
    }
    paths
}

impl MigrationPath {
    /// Whether an event may lose something on it.
    pub(crate) const fn is_lossy(&self) -> bool {
        self.lossy > 0
    }

    fn cost(&self) -> (usize, usize, Vec<usize>) {
        (self.lossy, self.steps.len(), self.order.clone())
    }
}

impl Steps<'_> {
    /// The step from one version to another, and where it stands: code goes before the manifest, whose migrations may be for all types.
    fn between(&self, from: &str, to: &str) -> Option<(usize, PathStep)> {
        if let Some((at, step)) = self.of_code(from, to) {
            return Some((self.migrations.len() + at, PathStep::Code(step)));
        }
        self.migrations.iter().enumerate().find_map(|(at, migration)| {
            let way = match (&*migration.from, &*migration.to) {
                (older, newer) if older == from && newer == to => Way::Up,
                (older, newer) if older == to && newer == from => Way::Down,
                _ => return None,
            };
            Some((at, PathStep::Data(migration.clone(), way)))
        })
    }

    /// Of several steps of the code, the last one added.
    fn of_code(&self, from: &str, to: &str) -> Option<(usize, StepFn)> {
        let of_type = |step: &&Step| step.event_types.is_none_or(|types| types.contains(&self.event_type));
        let added = self.code.iter().enumerate().rev();
        let mut of_type = added.filter(|(_, step)| of_type(step));
        of_type.find_map(|(at, step)| {
            let step = match (
                from == step.older && to == step.newer,
                from == step.newer && to == step.older,
            ) {
                (true, _) => step.up,
                (_, true) => step.down,
                _ => None,
            };
            Some((at, step?))
        })
    }
}

impl PathStep {
    /// Changes the members of an event.
    pub(crate) fn apply(&self, members: &mut Members) -> Result<(), StepError> {
        match self {
            Self::Code(step) => step(members),
            Self::Data(migration, way) => migration.apply(*way, members),
        }
    }

    fn is_lossy(&self) -> bool {
        match self {
            Self::Code(_) => false,
            Self::Data(migration, way) => migration.is_lossy(*way),
        }
    }
}
