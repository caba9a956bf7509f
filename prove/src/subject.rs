//! What is proved: a bundle, and the policy that was made of it. Knows no event.

use tidegate_policy::{Bundle, Migration, Policy, migrations_of};

/// A bundle and its policy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'b> {
    pub(crate) bundle: &'b Bundle,
    pub(crate) policy: &'b Policy,
}

impl Subject<'_> {
    /// The same bundle, in which this migration is the only way of its type: a policy takes the best way, which need not be this
    /// one. `None`: there is no other way.
    pub(crate) fn with_only(&self, event_type: &str, migration: &Migration) -> Option<Bundle> {
        if self.bundle.manifest.event_types.get(event_type)?.versions.len() < 3 {
            return None;
        }
        let mut bundle = self.bundle.clone();
        // Shared migrations become those of each type, since one may lead from a version that is left out here.
        for (name, known) in &mut bundle.manifest.event_types {
            let migrations = migrations_of(&self.bundle.manifest, name).ok()?;
            known.migrations = migrations.iter().map(|migration| Migration::clone(migration)).collect();
        }
        bundle.manifest.migrations.clear();
        let known = bundle.manifest.event_types.get_mut(event_type)?;
        known
            .versions
            .retain(|version, _| [&migration.from, &migration.to].contains(&version));
        known.migrations = vec![migration.clone()];
        known.default_version = Some(migration.from.clone());
        known.target_version = Some(migration.to.clone());
        Some(bundle)
    }
}
