//! The values that a manifest gives for members, taken as it says them. The readers of manifests go through the numbers of
//! `serde_json`, which write `1E5` anew. Knows where a manifest gives values, and nothing of what they are for.

use serde_json::Value;

use crate::emits::Copied;
use crate::manifest::{Manifest, Migration};
use crate::operation::Operation;

impl Manifest {
    /// The manifest, with each value that it gives for a member as `said`: the same manifest, read with its digits.
    #[must_use]
    pub fn with_values_of(mut self, said: &Value) -> Self {
        for (name, event_type) in &mut self.event_types {
            let said = &said["event_types"][name];
            migrations(event_type.migrations.iter_mut(), said);
            for (at, emits) in event_type.emits.iter_mut().enumerate() {
                for (place, copied) in &mut emits.copy {
                    if let Copied::Value(value) = copied {
                        take(value, &said["emits"][at]["copy"][place.pointer()], "value");
                    }
                }
            }
        }
        migrations(self.migrations.iter_mut().map(|shared| &mut shared.migration), said);
        if let Some(template) = &mut self.dead_letters.template {
            take(template, &said["dead_letters"], "template");
        }
        self
    }

    /// Whether it may give any.
    pub(crate) fn gives_values(&self) -> bool {
        let mut types = self.event_types.values();
        types.any(|known| !known.migrations.is_empty() || !known.emits.is_empty())
            || !self.migrations.is_empty()
            || self.dead_letters.template.is_some()
    }
}

fn migrations<'m>(all: impl Iterator<Item = &'m mut Migration>, said: &Value) {
    for (at, migration) in all.enumerate() {
        operations(&mut migration.operations, &said["migrations"][at]);
    }
}

fn operations(all: &mut [Operation], said: &Value) {
    for (at, operation) in all.iter_mut().enumerate() {
        let said = &said["do"][at];
        match operation {
            Operation::Add(add) => take(&mut add.value, &said["add"], "value"),
            Operation::Remove(remove) => {
                if let Some(value) = &mut remove.value {
                    take(value, &said["remove"], "value");
                }
            }
            Operation::Set(set) => {
                take(&mut set.from, &said["set"], "from");
                take(&mut set.to, &said["set"], "to");
            }
            Operation::Each(within) => operations(&mut within.operations, &said["each"]),
            Operation::Nested(within) => operations(&mut within.operations, &said["nested"]),
            Operation::Rename(_)
            | Operation::Move(_)
            | Operation::Map(_)
            | Operation::Convert(_)
            | Operation::Wrap(_)
            | Operation::Unwrap(_) => {}
        }
    }
}

fn take(value: &mut Value, said: &Value, key: &str) {
    if let Some(exact) = said.get(key) {
        value.clone_from(exact);
    }
}
