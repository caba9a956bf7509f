//! The migrations of an event type: its own, and those that the manifest has for several types. Knows versions by their names and no
//! operation.

use std::collections::HashSet;
use std::sync::Arc;

use crate::manifest::{EventType, Manifest, Migration, SharedMigration};
use crate::policy_error::PolicyError;

/// The most operations of a migration, those inside of others among them: each may nest an event deeper.
const MOST_OPERATIONS: usize = 1_000;

/// The migrations of a type, its own first. One of its own goes before a shared one between the same versions.
pub fn migrations_of(manifest: &Manifest, name: &str) -> Result<Vec<Arc<Migration>>, PolicyError> {
    let Some(event_type) = manifest.event_types.get(name) else {
        return Ok(Vec::new());
    };
    let own: Vec<&Migration> = event_type.migrations.iter().collect();
    check(name, event_type, &own)?;
    let is_own = |shared: &Migration| own.iter().any(|own| ends(own) == ends(shared));
    let shared = manifest
        .migrations
        .iter()
        .filter(|shared| shared.is_for(name, event_type));
    let shared: Vec<&Migration> = shared
        .map(|shared| &shared.migration)
        .filter(|shared| !is_own(shared))
        .collect();
    check(name, event_type, &shared)?;
    Ok(own.into_iter().chain(shared).cloned().map(Arc::new).collect())
}

/// Each migration for several types is for one at least, and for none that has not both versions.
pub(crate) fn check_shared(manifest: &Manifest) -> Result<(), PolicyError> {
    for SharedMigration { event_types, migration } in &manifest.migrations {
        let problem = |problem: String| PolicyError::SharedMigration {
            from: migration.from.clone(),
            to: migration.to.clone(),
            problem,
        };
        let Some(listed) = event_types else {
            let mut types = manifest.event_types.values();
            if !types.any(|event_type| has_both(event_type, migration)) {
                return Err(problem("no event type has both versions".to_owned()));
            }
            continue;
        };
        for name in listed {
            match manifest.event_types.get(name) {
                None => return Err(problem(format!("there is no event type {name}"))),
                Some(event_type) if !has_both(event_type, migration) => {
                    return Err(problem(format!("{name} has not both versions")));
                }
                Some(_) => {}
            }
        }
        if listed.is_empty() {
            return Err(problem(
                "it is for no event type: leave `event_types` out, and it is for all".to_owned(),
            ));
        }
    }
    Ok(())
}

impl SharedMigration {
    fn is_for(&self, name: &str, event_type: &EventType) -> bool {
        let listed = self.event_types.as_ref();
        listed.is_none_or(|names| names.iter().any(|listed| listed == name)) && has_both(event_type, &self.migration)
    }
}

fn has_both(event_type: &EventType, Migration { from, to, .. }: &Migration) -> bool {
    event_type.versions.contains_key(from) && event_type.versions.contains_key(to)
}

/// Its versions, whichever is the older one.
fn ends(Migration { from, to, .. }: &Migration) -> [&str; 2] {
    [from.min(to), from.max(to)]
}

/// Each leads from one version of the type to another, and no two between the same.
fn check(name: &str, event_type: &EventType, migrations: &[&Migration]) -> Result<(), PolicyError> {
    let problem = |problem: String| PolicyError::Migration {
        event_type: name.to_owned(),
        problem,
    };
    let mut seen = HashSet::new();
    for migration @ Migration { from, to, .. } in migrations {
        let unknown = [from, to]
            .into_iter()
            .find(|version| !event_type.versions.contains_key(*version));
        if let Some(unknown) = unknown {
            return Err(problem(format!("there is no version {unknown}")));
        }
        if from == to {
            return Err(problem(format!("{from} cannot become {to}")));
        }
        if migration.size() > MOST_OPERATIONS {
            return Err(problem(format!(
                "from {from} to {to} there are more than {MOST_OPERATIONS} operations"
            )));
        }
        if !seen.insert(ends(migration)) {
            return Err(problem(format!(
                "there are two between {from} and {to}: keep one, which leads both ways"
            )));
        }
    }
    Ok(())
}
