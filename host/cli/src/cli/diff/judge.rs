//! Two policies judge the same events, in batches and on all cores. Counts nothing and prints nothing.

use std::{collections::BTreeSet, io::BufRead, path::Path, sync::Arc};

use anyhow::Context as _;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use serde_json::Value;
use tidegate_engine::{Context, Policy, PolicyCatalog};
use tidegate_model::envelope::{Headers, Unwrapped, unwrap};
use tidegate_policies::comparison::{Answer, Detail, compare};

use super::{
    super::{judge, lines::Batches},
    tally::{Example, Judged},
};

/// Lines of one task, fewer when they are long.
const BATCH: usize = 64;

/// An event as it was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Where it is, for people.
    source: String,
    text: Bytes,
}

/// Two policies and the time by which they judge.
#[derive(Debug)]
pub(super) struct Policies {
    pub(super) old: Policy,
    pub(super) new: Policy,
    pub(super) now: String,
}

/// The events of a file, a line each.
pub(super) fn lines(name: &Path, input: impl BufRead) -> impl Iterator<Item = anyhow::Result<Vec<Found>>> {
    let mut number = 0;
    let name = name.display().to_string();
    Batches::new(input, BATCH).map(move |lines| {
        let lines = lines.with_context(|| format!("{name} cannot be read"))?;
        let found = lines.into_iter().map(|line| {
            number += 1;
            Found {
                source: format!("line {number}"),
                text: line.into(),
            }
        });
        Ok(found.collect())
    })
}

/// The examples of both policies, each once.
pub(super) fn examples(catalogs: [&PolicyCatalog; 2]) -> Vec<Found> {
    let mut seen = BTreeSet::new();
    let types = catalogs
        .into_iter()
        .flat_map(|catalog| &catalog.event_types)
        .filter(|known| known.accepted);
    let all = types.flat_map(|known| known.versions.iter().map(move |version| (known, version)));
    let found = all
        .filter(|(_, version)| seen.insert(&version.example))
        .map(|(known, version)| Found {
            source: format!("example of {} {}", known.name, version.version),
            text: version.example.clone().into(),
        });
    found.collect()
}

/// What both policies say of all events, in the order of the events.
pub(super) fn judge(
    policies: Arc<Policies>,
    batches: impl Iterator<Item = anyhow::Result<Vec<Found>>>,
    at_once: usize,
) -> impl Stream<Item = anyhow::Result<Vec<Judged>>> {
    let batches = stream::iter(batches).map(move |batch| {
        let policies = policies.clone();
        async move {
            let batch = batch?;
            let judged = async move {
                let mut judged = Vec::with_capacity(batch.len());
                for found in batch {
                    judged.push(policies.judge(found).await);
                }
                judged
            };
            anyhow::Ok(tokio::spawn(judged).await?)
        }
    });
    batches.buffered(at_once)
}

impl Policies {
    async fn judge(&self, found: Found) -> Judged {
        let Unwrapped {
            event,
            attributes,
            flaw,
            ..
        } = unwrap(found.text, false, &Headers::NONE);
        let given = attributes.canonical();
        let context = Context::at(&*self.now);
        let answer = async |policy: &Policy| {
            let decided = judge::judge(policy, &event, &given, flaw.as_ref(), &context).await;
            judge::checked(policy, &event, &context.now, |expected| Answer::of(decided, expected))
        };
        let (old, new) = (answer(&self.old).await, answer(&self.new).await);
        let [event_id, event_type, version] = Judged::names(&old, &new);
        Judged {
            changes: compare(&old, &new, true),
            event_type,
            version,
            example: Example {
                event_id,
                source: found.source,
                bytes: event.len(),
                event: serde_json::from_slice(&event)
                    .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&event).into_owned())),
                attributes,
                detail: Detail::default(),
            },
        }
    }
}
