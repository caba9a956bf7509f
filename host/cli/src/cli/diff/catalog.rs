//! What two policies know, compared: types, versions, channels, retries, rules, migrations, dead letters and alerts. Knows no event.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tidegate_engine::{EventTypeInfo, PolicyCatalog};
use tidegate_policies::admission;

/// A difference between two catalogs.
#[derive(Debug, Serialize)]
pub(super) struct CatalogChange {
    /// What differs, such as `order.placed retries`.
    pub(super) item: String,
    /// `None`: it is added.
    pub(super) old: Option<String>,
    /// `None`: it is removed.
    pub(super) new: Option<String>,
    /// Whether a gate refuses it unless `policy.reload.allow_dropped` is true.
    pub(super) refused: bool,
}

/// All differences, by what differs.
pub(super) fn compare(old: &PolicyCatalog, new: &PolicyCatalog) -> Vec<CatalogChange> {
    let dropped = admission::dropped(old, new);
    let [old, new] = [old, new].map(facts);
    let items = old.keys().chain(new.keys().filter(|item| !old.contains_key(*item)));
    let changes = items.map(|item| CatalogChange {
        item: item.name(),
        old: old.get(item).cloned(),
        new: new.get(item).cloned(),
        refused: dropped.iter().any(|refused| item.is(refused)),
    });
    let mut changes: Vec<_> = changes.filter(|change| change.old != change.new).collect();
    changes.sort_by(|one, other| one.item.cmp(&other.item));
    // What belongs to a type that comes or goes says nothing more.
    let whole = |change: &CatalogChange| change.old.is_none() || change.new.is_none();
    let types: Vec<String> = changes
        .iter()
        .filter(|change| whole(change))
        .map(|change| format!("{} ", change.item))
        .collect();
    changes.retain(|change| !types.iter().any(|of_type| change.item.starts_with(of_type)));
    changes
}

/// Something that a catalog states, and of what.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item(String, &'static str, String);

impl Item {
    fn name(&self) -> String {
        let Self(subject, what, which) = self;
        let parts = [&**subject, what, which].into_iter().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    }
}

impl Item {
    /// Whether a gate means this by what it would refuse.
    fn is(&self, refused: &str) -> bool {
        // Such as `order.placed, which has no channel any more`.
        let lost = refused.split_once(", ").map(|(subject, _)| subject);
        self.name() == refused || (self.1 == "channels" && lost == Some(&self.0))
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// All that a catalog states, with its value in words.
fn facts(catalog: &PolicyCatalog) -> BTreeMap<Item, String> {
    let mut facts = BTreeMap::new();
    let mut state = |subject: &str, what, which: &str, value: String| {
        facts.insert(Item(subject.to_owned(), what, which.to_owned()), value);
    };
    for known in &catalog.event_types {
        of_type(known, &mut |what, which, value| state(&known.name, what, which, value));
    }
    for channel in &catalog.channels {
        state("channel", "", channel, String::new());
    }
    let envelope = &catalog.envelope;
    let places = [
        ("id", envelope.id.as_ref()),
        ("type", Some(&envelope.event_type)),
        ("version", envelope.version.as_ref()),
        ("key", envelope.key.as_ref()),
        ("time", envelope.time.as_ref()),
    ];
    for (name, place) in places {
        if let Some(place) = place {
            state("envelope", "", name, place.clone());
        }
    }
    let limits = &catalog.limits;
    state("limit", "", "event_bytes", limits.event_bytes.to_string());
    state("limit", "", "depth", limits.depth.to_string());
    let letters = &catalog.dead_letters;
    state("dead letters", "", "channel", letters.channel.clone());
    state("dead letters", "", "type", letters.event_type.clone());
    if let Some(template) = &letters.template {
        state("dead letters", "", "template", template.clone());
    }
    for alert in &catalog.alerts {
        let types = alert.event_types.as_ref().map(|types| types.join(", "));
        state("alerts", "", &alert.channel, types.unwrap_or_else(|| "all".to_owned()));
    }
    facts
}

fn of_type(known: &EventTypeInfo, state: &mut dyn FnMut(&'static str, &str, String)) {
    let use_of_it = if known.accepted { "accepted" } else { "sent only" };
    state("", "", use_of_it.to_owned());
    for version in &known.versions {
        state("", &version.version, String::new());
    }
    state("channels", "", listed(&known.channels));
    let delays = known.retry_delays_ms.iter().copied().map(u64::from);
    let delays = delays.map(|millis| humantime::format_duration(Duration::from_millis(millis)).to_string());
    state("retries", "", listed(&delays.collect::<Vec<_>>()));
    state("default version", "", known.default_version.clone());
    state("target version", "", known.target_version.clone());
    for migration in &known.migrations {
        let which = format!("{} → {}", migration.from, migration.to);
        state(
            "migration",
            &which,
            if migration.lossy { "lossy" } else { "nothing lost" }.to_owned(),
        );
    }
    for rule in &known.rules {
        state("rule", rule, String::new());
    }
    for rule in &known.drop_rules {
        state("drop rule", rule, String::new());
    }
}
