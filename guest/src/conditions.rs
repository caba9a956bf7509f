//! What a manifest says in expressions: rules, drop rules and channels. Data only; `expressions` compiles it.

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::place::Place;

/// All versions of a type.
const ALL: &str = "all";

/// What must be true of an event, and no schema can express.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpressionRule {
    /// Its id: the code of its violations too.
    pub id: String,
    /// The condition that holds for a right event.
    pub expr: String,
    /// What is wrong with an event for which it does not hold.
    pub message: String,
    /// What is at fault; absent: the event as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// The versions of which it is true; absent: the latest, to which older events are migrated to be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<RuleVersions>,
}

/// The versions of which a rule is true, as an event of them came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleVersions {
    /// `all`: whichever it came in.
    All,
    /// These.
    These(Vec<String>),
}

/// A rule for several event types.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "RawSharedRule", into = "RawSharedRule")]
pub struct SharedRule {
    /// The types; absent: all, or all that have the versions of which it is true.
    pub event_types: Option<Vec<String>>,
    /// The rule.
    pub rule: ExpressionRule,
}

/// Not `flatten`, which would take unknown fields.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSharedRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_types: Option<Vec<String>>,
    id: String,
    expr: String,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versions: Option<RuleVersions>,
}

impl RuleVersions {
    /// Those that are named.
    pub fn named(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::These(names) => names,
        }
    }
}

impl<'de> Deserialize<'de> for RuleVersions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVersionsVisitor)
    }
}

impl Serialize for RuleVersions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(ALL),
            Self::These(names) => names.serialize(serializer),
        }
    }
}

/// Versions are names: `1.10` in YAML is not the number 1.1.
struct RuleVersionsVisitor;

impl<'de> Visitor<'de> for RuleVersionsVisitor {
    type Value = RuleVersions;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("`all` versions, or a list of their names")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RuleVersions, E> {
        match text {
            ALL => Ok(RuleVersions::All),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<RuleVersions, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(names)).map(RuleVersions::These)
    }
}

impl From<RawSharedRule> for SharedRule {
    fn from(raw: RawSharedRule) -> Self {
        Self {
            event_types: raw.event_types,
            rule: ExpressionRule {
                id: raw.id,
                expr: raw.expr,
                message: raw.message,
                at: raw.at,
                versions: raw.versions,
            },
        }
    }
}

impl From<SharedRule> for RawSharedRule {
    fn from(SharedRule { event_types, rule }: SharedRule) -> Self {
        Self {
            event_types,
            id: rule.id,
            expr: rule.expr,
            message: rule.message,
            at: rule.at,
            versions: rule.versions,
        }
    }
}

/// Which valid events are sent nowhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropRule {
    /// Its id.
    pub id: String,
    /// The condition that holds for an event that is dropped.
    pub when: String,
}

/// On which channels an event leaves: those of the first route that is taken.
#[derive(Debug, Clone)]
pub struct Channels(pub Vec<Route>);

/// Some channels, and which events take them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The condition that holds for an event that takes it; absent: each one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The channels, on each of which the event leaves.
    #[serde(deserialize_with = "names", serialize_with = "write_names")]
    pub to: Vec<String>,
}

impl Channels {
    /// One channel for each event.
    pub fn one(name: impl Into<String>) -> Self {
        let to = vec![name.into()];
        Self(vec![Route { when: None, to }])
    }
}

impl<'de> Deserialize<'de> for Channels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChannelsVisitor)
    }
}

impl Serialize for Channels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [Route { when: None, to }] if to.len() == 1 => write_names(to, serializer),
            routes => routes.serialize(serializer),
        }
    }
}

struct ChannelsVisitor;

impl<'de> Visitor<'de> for ChannelsVisitor {
    type Value = Channels;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a channel, or a list such as [ { when: …, to: vip }, { to: orders } ]")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Channels, E> {
        named(name).map(Channels::one)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, routes: A) -> Result<Channels, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(routes)).map(Channels)
    }

    fn visit_unit<E: Error>(self) -> Result<Channels, E> {
        named("").map(Channels::one)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a channel, or a list of names")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Vec<String>, E> {
        Ok(vec![named(name)?.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Vec<String>, A::Error> {
        let mut found = Vec::new();
        while let Some(name) = names.next_element::<String>()? {
            found.push(named(&name)?.to_owned());
        }
        Ok(found)
    }
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(NamesVisitor)
}

fn write_names<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match names {
        [name] => name.serialize(serializer),
        names => names.serialize(serializer),
    }
}

/// A name: `channel:` with nothing after it would drop every event.
fn named<E: Error>(name: &str) -> Result<&str, E> {
    if name.is_empty() {
        return Err(E::custom(
            "a channel has a name; leave `channel` out to drop valid events of this type",
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Channels;

    #[test]
    fn channels_are_written_as_they_are_read() {
        for written in [
            json!("orders"),
            json!([{ "to": ["a", "b"] }]),
            json!([{ "when": "event.x > 1", "to": "vip" }, { "to": ["a", "b"] }]),
        ] {
            let channels: Channels = serde_json::from_value(written.clone()).expect("channels");
            let again = serde_json::to_value(&channels).expect("JSON");
            assert_eq!(again, written);
            serde_json::from_value::<Channels>(again).expect("channels again");
        }
        let one: Value = json!([{ "to": "orders" }]);
        let one: Channels = serde_json::from_value(one).expect("channels");
        assert_eq!(serde_json::to_value(&one).expect("JSON"), json!("orders"));
    }
}
