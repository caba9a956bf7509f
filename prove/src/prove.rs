//! The proof of a policy: for each version valid events are made, no rule may fail on one, and each migration must keep its law for
//! those on both of its sides. The first event that shows otherwise is made as small as possible. Knows no files.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::Value;
use tidegate_policy::{Bundle, Code, Migration, Policy, PolicyError, Way, read_exact};

use crate::{
    alone::Alone,
    counterexample::{Counterexample, names_version},
    events::{self, Event, Events, Judges, Version},
    generate::SchemasError,
    parallel,
    step::Step,
    whole::Whole,
};

/// How much is tried.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many events of each version.
    pub events: usize,
    /// What they are made from: the same seed makes the same events.
    pub seed: u64,
    /// Once it is true, the proof stops.
    pub stop: Arc<AtomicBool>,
}

/// What was shown.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The versions, each with its events.
    pub versions: Vec<Proved>,
    /// How many migrations kept their law.
    pub migrations: usize,
}

/// A version, and how many events of it there were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The event type.
    pub event_type: String,
    /// The version.
    pub version: String,
    /// How many events were made.
    pub events: usize,
    /// How many were wanted.
    pub wanted: usize,
}

/// Why a policy is not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// It is wrong.
    #[error("{0}")]
    Wrong(Box<Counterexample>),
    /// It was stopped.
    #[error("the proof was stopped")]
    Stopped,
    /// The bundle is no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// No events can be made from its schemas.
    #[error(transparent)]
    Schemas(#[from] SchemasError),
}

/// Proves a policy. `progress` receives each version before its events are made.
pub fn prove(bundle: &Bundle, settings: &Settings, progress: impl FnMut(&str) + Send) -> Result<Proof, ProveError> {
    Policy::new(bundle, Code::default())?;
    prove_checked(bundle, settings, progress)
}

/// The same of a bundle of which a policy has been made.
pub(crate) fn prove_checked(
    bundle: &Bundle,
    settings: &Settings,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Proof, ProveError> {
    let whole = Whole::new(bundle);
    let started = |version: &Version<'_>| progress(&format!("{} {}", version.event_type, version.name));
    let versions = Version::all(&bundle.manifest);
    let proved = parallel::try_map(&versions, started, |version| prove_version(&whole, *version, settings))?;
    let (versions, migrations): (_, Vec<usize>) = proved.into_iter().unzip();
    Ok(Proof {
        versions,
        migrations: migrations.iter().sum(),
    })
}

/// A version, and how many migrations lead up from it.
fn prove_version(whole: &Whole<'_>, version: Version<'_>, settings: &Settings) -> Result<(Proved, usize), ProveError> {
    let manifest = &whole.bundle.manifest;
    let alone = Alone::new(whole, version.event_type, version.of)?;
    let steps = steps(&alone, version)?;
    let conditions = version
        .is_latest()
        .then(|| alone.with_conditions(version.of))
        .transpose()?
        .flatten();
    let judges = Judges {
        policy: &alone.policy,
        conditions: conditions.as_ref(),
    };
    let schemas = events::schemas(&alone.bundle.files, manifest, version)?;
    let events = Events::new(judges, &schemas, version, settings.seed, settings.events)?;
    let example = example(whole, version).and_then(|example| judges.judge(example, version));
    let mut made = 0;
    for event in example.into_iter().chain(events).take(settings.events) {
        if settings.stop.load(Ordering::Relaxed) {
            return Err(ProveError::Stopped);
        }
        let event = match event {
            Event::Valid(event) => event,
            Event::Failed(event, violations) => {
                let found = Counterexample::of_rule(manifest, judges, version, &event, violations);
                return Err(ProveError::Wrong(Box::new(found)));
            }
        };
        for (step, way) in &steps {
            step.judge(&event, *way).map_err(|problem| {
                let found = Counterexample::of_step(manifest, step, *way, &event.value, &problem);
                ProveError::Wrong(Box::new(found))
            })?;
        }
        made += 1;
    }
    let proved = Proved {
        event_type: version.event_type.to_owned(),
        version: version.name.to_owned(),
        events: made,
        wanted: settings.events,
    };
    Ok((proved, steps.iter().filter(|(_, way)| *way == Way::Up).count()))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            events: 1000,
            seed: 1,
            stop: Arc::default(),
        }
    }
}

impl Proof {
    /// The versions of which fewer events could be made than were wanted.
    pub fn incomplete(&self) -> impl Iterator<Item = &Proved> {
        self.versions.iter().filter(|version| version.events < version.wanted)
    }
}

/// The migrations that a version takes part in, and the way of its events.
fn steps<'p>(alone: &'p Alone<'_>, version: Version<'p>) -> Result<Vec<(Step<'p>, Way)>, PolicyError> {
    let way = |migration: &Migration| match version.name {
        name if name == migration.from => Some(Way::Up),
        name if name == migration.to => Some(Way::Down),
        _ => None,
    };
    let step = |migration: &Arc<Migration>| {
        let way = way(migration)?;
        Some(Step::new(alone, version.event_type, migration.clone()).map(|step| (step, way)))
    };
    alone.migrations.iter().filter_map(step).collect()
}

/// The schema's own example, where it names its version.
fn example(whole: &Whole<'_>, version: Version<'_>) -> Option<Value> {
    let schema = read_exact(&whole.file(version.file)?.text).ok()?;
    let example = schema.pointer("/examples/0")?;
    names_version(&whole.bundle.manifest, example).then(|| example.clone())
}
