//! Alerts that are one: what they have in common, and how many there are. Knows no template and no time.

use serde::Serialize;
use tidegate_engine::{Alert, Output, PolicyCatalog, Violation};

use super::{alert::EVENT_TYPE, failed::derived_id, names::Names};
use crate::revision::RevisionId;

/// What dead letters have in common that one alert is about: a type and a code. On a channel for events of some types, their key too, since
/// it reaches whom the key names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertGroup {
    /// The channel.
    pub channel: String,
    /// The type of the events.
    pub event_type: Option<String>,
    /// The code of the first violation; `None`: they are valid.
    pub code: Option<String>,
    /// The key of the events, where it matters.
    pub key: Option<String>,
}

/// The dead letters that one alert counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedAlerts {
    /// How many.
    pub count: u64,
    /// The ids of the first.
    pub ids: Vec<String>,
    /// When the first was dead-lettered, RFC 3339.
    pub first_failed_at: String,
    /// When the last was.
    pub last_failed_at: String,
    /// The revision that decided on the last.
    pub decided_by: RevisionId,
}

impl AlertGroup {
    /// The groups of the alerts of a dead letter, one for each channel that receives one.
    pub fn all_of(catalog: &PolicyCatalog, names: &Names, violations: &[Violation]) -> Vec<Self> {
        let names = names.bounded();
        let group = |alert: &Alert| Self {
            channel: alert.channel.clone(),
            event_type: names.event_type.clone(),
            code: violations.first().map(|violation| violation.code.clone()),
            key: alert.event_types.as_ref().and(names.key.clone()),
        };
        catalog.alerts.iter().map(group).collect()
    }

    /// The group of all that have none of their own.
    #[must_use]
    pub fn others(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            event_type: None,
            code: None,
            key: None,
        }
    }
}

impl CountedAlerts {
    /// The most ids that it keeps.
    pub const MOST_IDS: usize = 10;

    /// One dead letter.
    pub fn one(id: &str, failed_at: &str, decided_by: &RevisionId) -> Self {
        Self {
            count: 1,
            ids: vec![id.to_owned()],
            first_failed_at: failed_at.to_owned(),
            last_failed_at: failed_at.to_owned(),
            decided_by: decided_by.clone(),
        }
    }

    /// The id of the first dead letter.
    pub fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// Counts later ones too.
    pub fn add(&mut self, later: Self) {
        // The attempts of one dead letter are one.
        let is_new = later.count > 1 || !self.ids.contains(&later.ids[0]);
        self.count += if is_new { later.count } else { 0 };
        let free = Self::MOST_IDS - self.ids.len();
        self.ids.extend(later.ids.into_iter().filter(|_| is_new).take(free));
        self.last_failed_at = later.last_failed_at;
        self.decided_by = later.decided_by;
    }
}

/// What an alert about several dead letters says.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    event_type: Option<&'a str>,
    key: Option<&'a str>,
    dead_letter_ids: &'a [String],
    first_failed_at: &'a str,
    last_failed_at: &'a str,
    severity: &'static str,
    code: Option<&'a str>,
    count: u64,
    policy: &'a str,
}

/// The alert that counts dead letters. Its id follows from the channel and the first of them.
pub fn counted_alert(group: &AlertGroup, counted: &CountedAlerts) -> Output {
    let said = Said {
        event_type: group.event_type.as_deref(),
        key: group.key.as_deref(),
        dead_letter_ids: &counted.ids,
        first_failed_at: &counted.first_failed_at,
        last_failed_at: &counted.last_failed_at,
        severity: if group.code.is_some() { "warning" } else { "error" },
        code: group.code.as_deref(),
        count: counted.count,
        policy: &counted.decided_by.digest,
    };
    Output {
        channel: group.channel.clone(),
        key: group.key.clone(),
        id: derived_id(&[group.channel.as_bytes(), b"counted", counted.id().as_bytes()]),
        event_type: EVENT_TYPE.to_owned(),
        // It holds texts and numbers, which can always be written.
        event: Some(serde_json::to_string(&said).unwrap_or_default()),
        attributes: Vec::new(),
        not_before: None,
    }
}
