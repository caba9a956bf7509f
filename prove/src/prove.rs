//! The proof of a policy: for each version valid events are made, no rule may fail on one, and each migration must keep its law for
//! those on both of its sides. The first event that shows otherwise is made as small as possible. Knows no files.

use std::{fmt, sync::Arc};

use serde_json::Value;
use tidegate_policy::{
    Bundle, Code, Migration, Operation, Policy, PolicyError, Rejection, VersionPlace, Way, migrations_of, read_exact,
};

use crate::{
    events::{self, Event, Events, Version},
    generate::SchemasError,
    problem::Problem,
    shrink,
    step::Step,
    subject::Subject,
};

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many events of each version.
    pub cases: usize,
    /// What they are made from: the same seed makes the same events.
    pub seed: u64,
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

/// An event that shows that a policy is not what its author says.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// Its type.
    pub event_type: String,
    /// Its version.
    pub version: String,
    /// The event, as small as was found.
    pub event: String,
    /// What it became, each form with its name.
    pub forms: Vec<(String, String)>,
    /// What is wrong, in one line.
    pub problem: String,
    /// What to do.
    pub hint: String,
    /// Where in the manifest: the keys and indices on the way.
    pub place: Vec<String>,
}

/// Why a policy is not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// It is wrong.
    #[error("{0}")]
    Wrong(Box<Counterexample>),
    /// The bundle is no policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// No events can be made from its schemas.
    #[error(transparent)]
    Schemas(#[from] SchemasError),
}

/// Proves a policy. `progress` is told of each version before its events are made.
pub fn prove(bundle: &Bundle, settings: Settings, progress: impl FnMut(&str)) -> Result<Proof, ProveError> {
    prove_policy(bundle, &Policy::new(bundle, Code::default())?, settings, progress)
}

/// The same, where the policy of the bundle has been made.
pub(crate) fn prove_policy(
    bundle: &Bundle,
    policy: &Policy,
    settings: Settings,
    mut progress: impl FnMut(&str),
) -> Result<Proof, ProveError> {
    let subject = Subject { bundle, policy };
    let schemas = events::schemas(&bundle.files, &bundle.manifest)?;
    let mut proof = Proof::default();
    for version in Version::all(&bundle.manifest) {
        progress(&format!("{} {}", version.event_type, version.name));
        let steps = steps(&subject, version)?;
        let mut made = 0;
        let events = Events::new(policy, &schemas, version, settings.seed, settings.cases)?;
        for event in example(bundle, version).map(Event::Valid).into_iter().chain(events) {
            let event = match event {
                Event::Valid(event) => event,
                Event::Failed(event, rejection) => return Err(wrong(of_rule(policy, version, &event, rejection))),
            };
            if made == settings.cases {
                break;
            }
            for (step, way) in &steps {
                step.judge(&event, *way)
                    .map_err(|problem| wrong(of_step(bundle, step, *way, &event, &problem)))?;
            }
            made += 1;
        }
        proof.versions.push(Proved {
            event_type: version.event_type.to_owned(),
            version: version.name.to_owned(),
            events: made,
            wanted: settings.cases,
        });
        proof.migrations += steps.iter().filter(|(_, way)| *way == Way::Up).count();
    }
    Ok(proof)
}

impl Default for Settings {
    fn default() -> Self {
        Self { cases: 1000, seed: 1 }
    }
}

impl Proof {
    /// The versions of which fewer events could be made than were wanted.
    pub fn incomplete(&self) -> impl Iterator<Item = &Proved> {
        self.versions.iter().filter(|version| version.events < version.wanted)
    }
}

/// The migrations that a version takes part in, and the way of its events.
fn steps<'p>(subject: &'p Subject<'_>, version: Version<'p>) -> Result<Vec<(Step<'p>, Way)>, PolicyError> {
    let way = |migration: &Migration| match version.name {
        name if name == migration.from => Some(Way::Up),
        name if name == migration.to => Some(Way::Down),
        _ => None,
    };
    let migrations = migrations_of(&subject.bundle.manifest, version.event_type)?;
    let step = |migration: Arc<Migration>| {
        let way = way(&migration)?;
        Some((Step::new(subject, version.event_type, migration), way))
    };
    Ok(migrations.into_iter().filter_map(step).collect())
}

/// The schema's own example, where it names its version.
fn example(bundle: &Bundle, version: Version<'_>) -> Option<String> {
    let file = bundle.files.iter().find(|file| file.name == version.file)?;
    let schema = read_exact(&file.text).ok()?;
    let example = schema.pointer("/examples/0")?;
    names_version(bundle, example).then(|| example.to_string())
}

/// Whether an event names its version, where there is a place for it.
fn names_version(bundle: &Bundle, event: &Value) -> bool {
    let envelope = &bundle.manifest.envelope;
    match &envelope.version {
        None => true,
        Some(VersionPlace::Member(place)) => event.pointer(place.pointer()).is_some(),
        Some(VersionPlace::End { .. }) => {
            let stated = event.pointer(envelope.event_type.pointer()).and_then(Value::as_str);
            stated.is_some_and(|stated| !bundle.manifest.event_types.contains_key(stated))
        }
    }
}

fn wrong(counterexample: Counterexample) -> ProveError {
    ProveError::Wrong(Box::new(counterexample))
}

fn of_step(bundle: &Bundle, step: &Step<'_>, way: Way, event: &str, problem: &Problem) -> Counterexample {
    let shown = |value: &Value| {
        let event = value.to_string();
        let accepted = step.policy().validate(event.as_bytes(), &[]).ok()?;
        let names = [&*accepted.event_type, &*accepted.event_version];
        let is_of_step = names == [step.event_type, step.source(way)] && names_version(bundle, value);
        step.judge(&event, way).err().filter(|_| is_of_step)
    };
    let smallest = smallest(event, |event| {
        shown(event).is_some_and(|found| found.key() == problem.key())
    });
    let problem = shown(&smallest).unwrap_or_else(|| problem.clone());
    let (from, to) = (step.source(way), step.target(way));
    Counterexample {
        event_type: step.event_type.to_owned(),
        version: from.to_owned(),
        event: smallest.to_string(),
        forms: problem.forms(to),
        problem: problem.message(from, to),
        hint: problem.hint(from, to),
        place: place(
            bundle,
            step.event_type,
            &step.migration,
            &problem.operation(&step.migration),
        ),
    }
}

fn of_rule(policy: &Policy, version: Version<'_>, event: &str, rejection: Rejection) -> Counterexample {
    let rule = |rejection: &Rejection| rejection.violations.first().and_then(|found| found.rule.clone());
    let failed = |event: &Value| {
        let rejection = policy.validate(event.to_string().as_bytes(), &[]).err()?;
        events::is_failure(&rejection).then_some(rejection)
    };
    let smallest = smallest(event, |event| {
        failed(event).is_some_and(|found| rule(&found) == rule(&rejection))
    });
    let rejection = failed(&smallest).unwrap_or(rejection);
    let mut place = vec![
        "event_types".to_owned(),
        version.event_type.to_owned(),
        "rules".to_owned(),
    ];
    place.extend(rule(&rejection));
    let problem = Problem::Rule { rejection };
    Counterexample {
        event_type: version.event_type.to_owned(),
        version: version.name.to_owned(),
        event: smallest.to_string(),
        forms: Vec::new(),
        problem: problem.message(version.name, version.name),
        hint: problem.hint(version.name, version.name),
        place,
    }
}

/// Digits as they are written, in every event that is tried.
fn smallest(event: &str, fails: impl Fn(&Value) -> bool) -> Value {
    shrink::smallest(read_exact(event).unwrap_or_default(), fails)
}

/// Where a migration, or an operation of it, stands in the manifest.
fn place(bundle: &Bundle, event_type: &str, migration: &Migration, operation: &[usize]) -> Vec<String> {
    let same = |other: &Migration| (&other.from, &other.to) == (&migration.from, &migration.to);
    let manifest = &bundle.manifest;
    let known = manifest.event_types.get(event_type);
    let own = known.and_then(|known| known.migrations.iter().position(same));
    let shared = || manifest.migrations.iter().position(|shared| same(&shared.migration));
    let mut place: Vec<String> = match own {
        Some(at) => ["event_types", event_type, "migrations", &at.to_string()]
            .map(str::to_owned)
            .into(),
        None => vec!["migrations".to_owned(), shared().unwrap_or_default().to_string()],
    };
    let mut operations = &migration.operations[..];
    for index in operation {
        place.extend(["do".to_owned(), index.to_string()]);
        operations = match operations.get(*index) {
            Some(Operation::Each(within)) => {
                place.push("each".to_owned());
                &within.operations
            }
            Some(Operation::Nested(within)) => {
                place.push("nested".to_owned());
                &within.operations
            }
            _ => &[],
        };
    }
    place
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}\n  event: {}",
            self.event_type, self.version, self.problem, self.event
        )?;
        for (name, form) in &self.forms {
            write!(f, "\n  {name}: {form}")?;
        }
        write!(f, "\n  hint: {}", self.hint)
    }
}
