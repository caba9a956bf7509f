//! One event type of a bundle, alone: nothing but its schemas, its migrations and its rules decide on its events. Knows no event.

use std::sync::Arc;

use tidegate_policy::{
    Bundle, Channels, Code, EventType, ExpressionRule, Migration, Policy, PolicyError, RuleVersions, migrations_of,
};

use crate::whole::Whole;

/// A type.
#[derive(Debug)]
pub(crate) struct Alone<'w> {
    whole: &'w Whole<'w>,
    name: &'w str,
    event_type: EventType,
    /// Its migrations, shared ones among them.
    pub(crate) migrations: Vec<Arc<Migration>>,
    pub(crate) bundle: Bundle,
    pub(crate) policy: Policy,
}

impl<'w> Alone<'w> {
    pub(crate) fn new(whole: &'w Whole<'w>, name: &'w str, known: &EventType) -> Result<Self, PolicyError> {
        let migrations = migrations_of(&whole.bundle.manifest, name)?;
        let event_type = whole.alone(name, known)?;
        let bundle = whole.with_only([(name, event_type.clone())]);
        Ok(Self {
            policy: Policy::proven(&bundle, Code::default())?,
            bundle,
            whole,
            name,
            event_type,
            migrations,
        })
    }

    pub(crate) fn has_rules(&self) -> bool {
        !self.event_type.rules.is_empty()
    }

    /// A policy for which this migration is the only way: it takes the best one, which need not be this. `None`: there is no other way.
    pub(crate) fn with_only(&self, migration: &Migration) -> Result<Option<Policy>, PolicyError> {
        if self.event_type.versions.len() < 3 {
            return Ok(None);
        }
        let mut event_type = self.event_type.clone();
        event_type
            .versions
            .retain(|version, _| [&migration.from, &migration.to].contains(&version));
        event_type.migrations = vec![migration.clone()];
        event_type.default_version = Some(migration.from.clone());
        event_type.target_version = Some(migration.to.clone());
        event_type.rules = of_versions(&event_type);
        let bundle = self.whole.with_only([(self.name, event_type)]);
        Policy::proven(&bundle, Code::default()).map(Some)
    }

    /// A policy that asks the drop rules too, and the conditions of channels and of what follows, for events of the latest version.
    /// `None`: there are none.
    pub(crate) fn with_conditions(&self, known: &EventType) -> Result<Option<Policy>, PolicyError> {
        let routes = known.channel.iter().flat_map(|Channels(routes)| routes);
        let mut conditions = routes
            .map(|route| &route.when)
            .chain(known.emits.iter().map(|emits| &emits.when));
        if known.drop.is_empty() && conditions.all(Option::is_none) || !known.accepted {
            return Ok(None);
        }
        let event_type = EventType {
            drop: known.drop.clone(),
            channel: known.channel.clone(),
            emits: known.emits.clone(),
            ..self.event_type.clone()
        };
        let mut types = vec![(self.name, event_type)];
        let all = &self.whole.bundle.manifest.event_types;
        for emits in &known.emits {
            if let Some((name, followed)) = all.get_key_value(&emits.event_type) {
                types.push((name, self.whole.alone(name, followed)?));
            }
        }
        let bundle = self.whole.with_only(types);
        Policy::proven(&bundle, Code::default()).map(Some)
    }
}

/// The rules of the versions that there are.
fn of_versions(event_type: &EventType) -> Vec<ExpressionRule> {
    let rules = event_type.rules.iter().filter_map(|rule| {
        if rule.versions == Some(RuleVersions::All) {
            return Some(rule.clone());
        }
        let named = rule.versions.iter().flat_map(RuleVersions::named);
        let versions: Vec<String> = named
            .filter(|version| event_type.versions.contains_key(*version))
            .cloned()
            .collect();
        (!versions.is_empty()).then(|| ExpressionRule {
            versions: Some(RuleVersions::These(versions)),
            ..rule.clone()
        })
    });
    rules.collect()
}
