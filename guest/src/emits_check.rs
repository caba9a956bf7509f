//! What no manifest may emit: events of a type that is none, that leave nowhere, or that lead in a circle. Knows no event.

use std::collections::HashSet;

use crate::conditions::Channels;
use crate::emits::Emits;
use crate::manifest::{EventType, Manifest};
use crate::place::Place;
use crate::policy_error::PolicyError;
use crate::version_place::VersionPlace;

/// The most events that follow from one: with it, as many as a gate takes of one event.
const MOST: usize = 63;

/// Checks what each type emits.
pub(crate) fn check_emits(manifest: &Manifest) -> Result<(), PolicyError> {
    for (name, event_type) in &manifest.event_types {
        let problem = |problem: String| PolicyError::Emits {
            event_type: name.clone(),
            problem,
        };
        if event_type.emits.len() > MOST {
            return Err(problem(format!("at most {MOST} events may follow from one")));
        }
        if event_type.channel.is_none() && !event_type.emits.is_empty() {
            let hint = "the type has no channel, so its events are dropped and nothing follows from them";
            return Err(problem(hint.to_owned()));
        }
        let followed = event_type
            .emits
            .iter()
            .filter_map(|emits| manifest.event_types.get(&emits.event_type));
        let outputs: usize = followed.map(widest).sum::<usize>() + widest(event_type);
        if outputs > MOST + 1 {
            return Err(problem(format!(
                "an event and what follows from it would leave {outputs} times; at most {} are allowed",
                MOST + 1
            )));
        }
        let mut seen = HashSet::new();
        for emits in &event_type.emits {
            check(manifest, emits).map_err(problem)?;
            if !seen.insert(&emits.event_type) {
                return Err(problem(format!("{} is there twice", emits.event_type)));
            }
        }
        if let Some(circle) = circle(manifest, name) {
            return Err(problem(format!("it leads back to itself: {}", circle.join(" → "))));
        }
    }
    Ok(())
}

/// The most channels on which one event of a type leaves.
fn widest(event_type: &EventType) -> usize {
    let routes = event_type.channel.iter().flat_map(|Channels(routes)| routes);
    routes.map(|route| route.to.len()).max().unwrap_or_default()
}

fn check(manifest: &Manifest, emits: &Emits) -> Result<(), String> {
    let name = &emits.event_type;
    let Some(emitted) = manifest.event_types.get(name) else {
        return Err(format!("there is no event type {name}"));
    };
    if emitted.channel.is_none() {
        return Err(format!("{name} has no channel on which it could leave"));
    }
    let envelope = &manifest.envelope;
    let stated = [
        envelope.id_place(),
        Some(&envelope.event_type),
        envelope.version.as_ref().and_then(VersionPlace::member),
    ];
    for place in stated.into_iter().flatten() {
        let meets = |to: &&Place| *to == place || to.contains(place) || place.contains(to);
        if let Some(to) = emits.copy.keys().find(meets) {
            let (to, place) = (to.pointer(), place.pointer());
            return Err(format!(
                "leave {to} out: the id, the type and the version are set, and {place} is one of them"
            ));
        }
    }
    Ok(())
}

/// The types on the way from one back to itself.
fn circle<'m>(manifest: &'m Manifest, start: &'m str) -> Option<Vec<&'m str>> {
    let mut seen = HashSet::new();
    let mut open = vec![vec![start]];
    while let Some(way) = open.pop() {
        let last = way.last().and_then(|name| manifest.event_types.get(*name));
        for emits in last.into_iter().flat_map(|event_type| &event_type.emits) {
            let next: Vec<&str> = way.iter().copied().chain([&*emits.event_type]).collect();
            if emits.event_type == start {
                return Some(next);
            }
            if seen.insert(&emits.event_type) {
                open.push(next);
            }
        }
    }
    None
}
