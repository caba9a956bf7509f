//! Where an event states its id, its type and so on. Knows nothing of events.

use serde::{Deserialize, Serialize};

use crate::place::Place;

/// The places of the members that every policy reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The id.
    pub id: Place,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: Place,
    /// The version; absent: no type has more than one.
    #[serde(default)]
    pub version: Option<Place>,
    /// The partition key.
    pub key: Place,
    /// The time; absent: an event without one leaves without one.
    #[serde(default)]
    pub time: Option<Place>,
}

impl Envelope {
    /// Two names that no event could state: one is inside the other, or both are the same member and say different things. The
    /// key may be any of the others.
    pub(crate) fn conflict(&self) -> Option<[&'static str; 2]> {
        let places = [
            ("id", Some(&self.id)),
            ("type", Some(&self.event_type)),
            ("version", self.version.as_ref()),
            ("key", Some(&self.key)),
            ("time", self.time.as_ref()),
        ];
        let conflicts = |(one, first): (&'static str, &Place), (other, second): (&'static str, &Place)| {
            let is_same = first == second && one != "key" && other != "key";
            is_same || first.contains(second) || second.contains(first)
        };
        let stated: Vec<_> = places
            .into_iter()
            .filter_map(|(name, place)| Some((name, place?)))
            .collect();
        stated.iter().enumerate().find_map(|(at, &one)| {
            let other = stated[at + 1..].iter().find(|&&other| conflicts(one, other))?;
            Some([one.0, other.0])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn names_that_no_event_could_state_are_found() {
        for (envelope, expected) in [
            (r#"{"id":"/id","type":"/type","key":"/id"}"#, None),
            (
                r#"{"id":"/m/id","type":"/m/type","version":"/m/v","key":"/k","time":"/t"}"#,
                None,
            ),
            (r#"{"id":"/a","type":"/a","key":"/k"}"#, Some(["id", "type"])),
            (r#"{"id":"/id","type":"/t","key":"/t/k"}"#, Some(["type", "key"])),
            (
                r#"{"id":"/id/x","type":"/t","key":"/k","time":"/id"}"#,
                Some(["id", "time"]),
            ),
            (r#"{"id":"/id","type":"/idle","key":"/k"}"#, None),
        ] {
            let parsed: Envelope = serde_json::from_str(envelope).expect("an envelope");
            assert_eq!(parsed.conflict(), expected, "{envelope}");
        }
    }
}
