//! What a policy knows and what it may do, for a host that wants to check all of it. Judges nothing.

use crate::contract::{EventTypeInfo, PolicyCatalog, VersionInfo};
use crate::known::KnownType;
use crate::policy::Policy;

impl Policy {
    /// Lists what the policy knows.
    pub fn catalog(&self) -> PolicyCatalog {
        let mut channels: Vec<String> = self.types.iter().filter_map(|known| known.channel.clone()).collect();
        channels.sort();
        channels.dedup();
        PolicyCatalog {
            name: self.name.clone(),
            version: self.version.clone(),
            event_types: self.types.iter().map(info).collect(),
            channels,
            limits: self.limits,
        }
    }
}

fn info(known: &KnownType) -> EventTypeInfo {
    EventTypeInfo {
        name: known.name.clone(),
        versions: known
            .versions
            .iter()
            .map(|version| VersionInfo {
                version: version.name.clone(),
                example: version.example.clone(),
            })
            .collect(),
        latest: known
            .versions
            .last()
            .map(|version| version.name.clone())
            .unwrap_or_default(),
        accepted: known.accepted,
        channel: known.channel.clone(),
        retry_delays_ms: known.schedule.delays_ms.clone(),
    }
}
