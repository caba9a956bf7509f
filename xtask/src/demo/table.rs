//! What happened to each event, for people.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::{
    compare::Fate,
    scenario::{Event, Scenario, Via},
};
use crate::paint::Paint;

/// The longest event id that is shown whole.
const ID_WIDTH: usize = 30;

/// How an event calls itself, as far as it can be read.
#[derive(Debug, Default, Deserialize)]
struct Name {
    #[serde(rename = "event_id")]
    id: Option<String>,
    #[serde(rename = "event_type")]
    kind: Option<String>,
    #[serde(rename = "event_version")]
    version: Option<String>,
}

/// Prints the table: a line for each event with where it went first, a line for each further place, and one for the
/// reason.
pub(crate) fn print(paint: Paint, scenario: &Scenario, fates: &[Fate]) {
    let rows: Vec<_> = scenario.events.iter().map(|e| (title(e), id(e))).collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let titles = width(&mut rows.iter().map(|row| &row.0));
    let ids = width(&mut rows.iter().map(|row| &row.1));
    let verdicts = width(&mut fates.iter().map(|fate| &fate.verdict));
    let topics = width(&mut fates.iter().flat_map(|f| f.outputs.iter().map(|o| &o.topic)));

    let head = format!(
        "{:>3}  {:titles$}  {:ids$}  {:verdicts$}  went to",
        "", "event", "id", "verdict"
    );
    println!("{}", paint.bold(head));
    let indent = 3 + 2 + titles + 2 + ids + 2 + verdicts + 2;
    for (at, ((title, id), fate)) in rows.iter().zip(fates).enumerate() {
        let verdict = verdict(paint, &fate.verdict, verdicts);
        print!("{:>3}  {title:titles$}  {id:ids$}  {verdict}  ", at + 1);
        let mut places = fate
            .outputs
            .iter()
            .map(|output| format!("{:topics$}  {}", output.topic, output.id));
        println!("{}", places.next().as_deref().unwrap_or("–"));
        for place in places {
            println!("{:indent$}{place}", "");
        }
        println!("{:5}{}", "", paint.dim(&fate.reason));
        if let Via::Apply { target } = &scenario.events[at].via {
            let note = format!("(asked for in version {target} with `tidegate apply --target`)");
            println!("{:5}{}", "", paint.dim(note));
        }
    }
}

/// Prints how many of each.
pub(crate) fn print_totals(paint: Paint, fates: &[Fate], took: Duration) {
    let mut verdicts = BTreeMap::<&str, usize>::new();
    let mut topics = BTreeMap::<&str, usize>::new();
    for fate in fates {
        *verdicts.entry(&fate.verdict).or_default() += 1;
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
    let events = format!("{} events judged in {} ms:", fates.len(), took.as_millis());
    println!("{} {}", paint.bold(events), list(verdicts));
    println!("{} {}", paint.bold("Written to topics:"), list(topics));
}

/// Type and version; of what cannot be read, what it is.
fn title(event: &Event) -> String {
    let name: Name = serde_json::from_slice(&event.bytes).unwrap_or_default();
    match (name.kind, name.version) {
        (Some(kind), Some(version)) => format!("{kind} {version}"),
        (Some(kind), None) => format!("{kind} –"),
        (None, _) => format!("({})", event.about),
    }
}

fn id(event: &Event) -> String {
    let name: Name = serde_json::from_slice(&event.bytes).unwrap_or_default();
    let Some(id) = name.id else {
        return "–".to_owned();
    };
    if id.chars().count() <= ID_WIDTH {
        return id;
    }
    let start: String = id.chars().take(ID_WIDTH - 1).collect();
    start + "…"
}

fn verdict(paint: Paint, verdict: &str, width: usize) -> String {
    let padded = format!("{verdict:width$}");
    match verdict {
        "forward" => paint.good(padded),
        "reject" => paint.bad(padded),
        _ => paint.odd(padded),
    }
}
