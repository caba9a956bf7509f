//! The rules of an event type: its own, and those that the manifest has for several types. Knows versions by their names and no
//! expression.

use crate::conditions::{ExpressionRule, RuleVersions, SharedRule};
use crate::manifest::{EventType, Manifest};
use crate::policy_error::PolicyError;

/// A rule of a type, and the keys and indices of the manifest that lead to it.
#[derive(Debug, Clone)]
pub struct RuleOf<'m> {
    /// The rule.
    pub rule: &'m ExpressionRule,
    /// The keys and indices.
    pub path: Vec<String>,
}

/// The rules of a type, its own first.
pub fn rules_of<'m>(manifest: &'m Manifest, name: &str, event_type: &'m EventType) -> Vec<RuleOf<'m>> {
    let own = event_type.rules.iter().enumerate().map(|(at, rule)| RuleOf {
        rule,
        path: vec![
            "event_types".to_owned(),
            name.to_owned(),
            "rules".to_owned(),
            at.to_string(),
        ],
    });
    let for_several = manifest.rules.iter().enumerate();
    let shared = for_several.filter(|(_, shared)| shared.is_for(name, event_type));
    let shared = shared.map(|(at, shared)| RuleOf {
        rule: &shared.rule,
        path: vec!["rules".to_owned(), at.to_string()],
    });
    own.chain(shared).collect()
}

/// Each rule for several types is for one at least, and for none that lacks one of its versions.
pub(crate) fn check_shared_rules(manifest: &Manifest) -> Result<(), PolicyError> {
    for (at, shared) in manifest.rules.iter().enumerate() {
        let SharedRule { event_types, rule } = shared;
        let problem = |problem: String| PolicyError::SharedRule {
            id: rule.id.clone(),
            at,
            problem,
        };
        for name in event_types.iter().flatten() {
            let event_type = manifest.event_types.get(name);
            let event_type = event_type.ok_or_else(|| problem(format!("there is no event type {name}")))?;
            if let Some(version) = missing_version(rule, event_type) {
                return Err(problem(format!("there is no version {version} of {name}")));
            }
        }
        if !manifest
            .event_types
            .iter()
            .any(|(name, known)| shared.is_for(name, known))
        {
            let hint = match event_types {
                Some(_) => "it is for no event type: leave `event_types` out, and it is for all",
                None => "no event type has all of its `versions`",
            };
            return Err(problem(hint.to_owned()));
        }
    }
    Ok(())
}

impl SharedRule {
    fn is_for(&self, name: &str, event_type: &EventType) -> bool {
        let listed = self.event_types.as_ref();
        listed.is_none_or(|names| names.iter().any(|listed| listed == name))
            && missing_version(&self.rule, event_type).is_none()
    }
}

fn missing_version<'r>(rule: &'r ExpressionRule, event_type: &EventType) -> Option<&'r String> {
    let mut named = rule.versions.iter().flat_map(RuleVersions::named);
    named.find(|version| !event_type.versions.contains_key(*version))
}
