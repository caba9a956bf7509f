//! What a policy knows and what it may do, for a host that wants to check all of it. Judges nothing.

use crate::contract::{
    CloudEventsInfo, EnvelopeInfo, EventTypeInfo, MappedAttribute, MigrationInfo, PolicyCatalog, VersionInfo,
};
use crate::envelope::Mapped;
use crate::known::KnownType;
use crate::migration_path::MigrationPath;
use crate::place::Place;
use crate::policy::Policy;

impl Policy {
    /// Lists what the policy knows.
    pub fn catalog(&self) -> PolicyCatalog {
        let of_types = self
            .types
            .iter()
            .flat_map(|known| known.expressions.all_channels().cloned());
        let of_alerts = self.alerts.iter().map(|alert| alert.channel.clone());
        let of_letters = [self.dead_letters.channel.clone()];
        let mut channels: Vec<String> = of_types.chain(of_alerts).chain(of_letters).collect();
        channels.sort();
        channels.dedup();
        let pointer = |place: &Place| place.pointer().to_owned();
        PolicyCatalog {
            name: self.name.clone(),
            version: self.version.clone(),
            digest: self.digest.clone(),
            event_types: self.types.iter().map(|known| self.info(known)).collect(),
            channels,
            envelope: EnvelopeInfo {
                id: self.envelope.id_place().map(pointer),
                event_type: pointer(&self.envelope.event_type),
                version: self.envelope.version_place().map(pointer),
                key: self.envelope.key_place().map(pointer),
                time: self.envelope.time.as_ref().map(pointer),
            },
            cloud_events: CloudEventsInfo {
                attributes: self.mapped.iter().filter(|mapped| !mapped.is_end).map(mapped).collect(),
                payload: self.payload.as_ref().map(pointer),
            },
            dead_letters: self.dead_letters.clone(),
            alerts: self.alerts.clone(),
            limits: self.limits,
        }
    }

    fn info(&self, known: &KnownType) -> EventTypeInfo {
        let versions = known.versions.iter().enumerate().map(|(at, version)| VersionInfo {
            version: version.name.clone(),
            // Each has one: a policy is made of checked examples.
            example: self.example(known, at).unwrap_or_default(),
        });
        let of_code = self.rules.iter().map(|rule| rule.id.to_owned());
        EventTypeInfo {
            name: known.name.clone(),
            versions: versions.collect(),
            target_version: known.versions[known.target_version].name.clone(),
            default_version: known.versions[known.default_version].name.clone(),
            migrations: migrations(known),
            rules: of_code.chain(known.expressions.rule_ids().cloned()).collect(),
            drop_rules: known.expressions.drop_rule_ids().cloned().collect(),
            accepted: known.accepted,
            channels: distinct(known.expressions.all_channels()),
            retry_delays_ms: known.schedule.delays_ms.clone(),
        }
    }
}

fn mapped(mapped: &Mapped) -> MappedAttribute {
    MappedAttribute {
        name: mapped.attribute.clone(),
        place: mapped.place.pointer().to_owned(),
    }
}

/// Which version can be brought to which.
fn migrations(known: &KnownType) -> Vec<MigrationInfo> {
    let name = |at: usize| known.versions[at].name.clone();
    let to_others = known.paths.iter().enumerate().flat_map(|(from, paths)| {
        let paths = paths.iter().enumerate().filter(move |(to, _)| *to != from);
        paths.filter_map(move |(to, path)| Some((from, to, path.as_ref()?)))
    });
    let info = |(from, to, path): (usize, usize, &MigrationPath)| MigrationInfo {
        from: name(from),
        to: name(to),
        lossy: path.is_lossy(),
    };
    to_others.map(info).collect()
}

/// Each name once, where it first stands.
fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for name in names {
        if !distinct.contains(name) {
            distinct.push(name.clone());
        }
    }
    distinct
}
