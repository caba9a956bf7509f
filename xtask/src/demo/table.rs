//! What happened to each event, for people.

use std::{collections::BTreeMap, time::Duration};

use anstyle::Style;
use serde::Deserialize;

use super::{
    compare::Fate,
    scenario::{Event, Scenario, Via},
};
use crate::styles::{BAD, BOLD, DIM, GOOD, ODD};

/// The longest event id that is shown whole.
const ID_WIDTH: usize = 20;

/// What is shown of a derived id, which is a UUID.
const UUID_START: usize = 8;

/// How an event calls itself, as far as it can be read.
#[derive(Debug, Deserialize)]
struct Name {
    #[serde(rename = "event_id")]
    id: Option<String>,
    #[serde(rename = "event_type")]
    kind: Option<String>,
    #[serde(rename = "event_version")]
    version: Option<String>,
}

/// Prints the table: a line for each event with where it went, and one with what is special about it and why it ended so.
pub(crate) fn print(scenario: &Scenario, fates: &[Fate]) {
    let rows: Vec<_> = scenario.events.iter().map(title_and_id).collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let titles = width(&mut rows.iter().map(|row| &row.0));
    let ids = width(&mut rows.iter().map(|row| &row.1));
    let became = width(&mut fates.iter().map(|fate| &fate.became)).max("disposition".len());

    anstream::println!(
        "{BOLD}{:>3}  {:titles$}  {:ids$}  {:became$}  went to{BOLD:#}",
        "",
        "event",
        "id",
        "disposition"
    );
    for (at, ((title, id), (event, fate))) in rows.iter().zip(scenario.events.iter().zip(fates)).enumerate() {
        let (style, word, went_to) = (style(&fate.became), &fate.became, went_to(fate));
        anstream::println!(
            "{:>3}  {title:titles$}  {id:ids$}  {style}{word:became$}{style:#}  {went_to}",
            at + 1
        );
        anstream::println!("     {DIM}{} → {}{DIM:#}", event.about, fate.reason);
        if let Via::Apply { target } = &event.via {
            let note = format!("(only judged: asked for in version {target}, by `tidegate apply --target`)");
            anstream::println!("     {DIM}{note}{DIM:#}");
        }
    }
}

/// Topics and ids of what was sent.
fn went_to(fate: &Fate) -> String {
    let places: Vec<_> = fate
        .outputs
        .iter()
        .map(|output| format!("{} {}", output.topic, short(&output.id)))
        .collect();
    if places.is_empty() {
        "–".to_owned()
    } else {
        places.join(", ")
    }
}

/// Prints how many of each.
pub(crate) fn print_totals(fates: &[Fate], took: Duration) {
    let mut dispositions = BTreeMap::<&str, usize>::new();
    let mut topics = BTreeMap::<&str, usize>::new();
    for fate in fates {
        *dispositions.entry(&fate.became).or_default() += 1;
        for output in &fate.outputs {
            *topics.entry(&output.topic).or_default() += 1;
        }
    }
    let list = |counts: BTreeMap<&str, usize>| {
        let parts: Vec<_> = counts
            .into_iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        parts.join(", ")
    };
    let events = format!("{} events judged in {:.1} s:", fates.len(), took.as_secs_f64());
    anstream::println!("{BOLD}{events}{BOLD:#} {}", list(dispositions));
    anstream::println!("{BOLD}Written to topics:{BOLD:#} {}", list(topics));
}

/// Type and version, and the id, as far as they can be read.
fn title_and_id(event: &Event) -> (String, String) {
    let Ok(name) = serde_json::from_slice::<Name>(&event.bytes) else {
        return ("(unreadable)".to_owned(), "–".to_owned());
    };
    let kind = name.kind.as_deref().unwrap_or("–");
    let version = name.version.as_deref().unwrap_or("–");
    (
        format!("{kind} {version}"),
        name.id.as_deref().map_or_else(|| "–".to_owned(), short),
    )
}

/// An id as far as it fits.
fn short(id: &str) -> String {
    let is_uuid = id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let width = if is_uuid { UUID_START + 1 } else { ID_WIDTH };
    if id.chars().count() <= width {
        return id.to_owned();
    }
    let start: String = id.chars().take(width - 1).collect();
    start + "…"
}

fn style(became: &str) -> Style {
    match became {
        "published" => GOOD,
        "dead_lettered" | "reject" => BAD,
        _ => ODD,
    }
}
