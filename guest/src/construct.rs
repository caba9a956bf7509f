//! Makes a policy from a bundle and code: compiles every schema, searches every migration path and checks every example.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, json};

use crate::bundle::{Bundle, BundleError};
use crate::code::Code;
use crate::contract::{MigrationCause, Schedule};
use crate::delays::Delays;
use crate::known::{KnownType, KnownVersion};
use crate::manifest::{EventType, Migration};
use crate::migration_path::{Steps, best_paths};
use crate::policy::{DEAD_LETTER, EMITTED_VERSION, OPS_ALERT, Policy, USER_ALERT};
use crate::schema::{Compiler, SchemaError};

/// Deeper nesting than this could exhaust the stack of whatever walks the value.
const MAX_DEPTH: u32 = 256;

/// Why a bundle and code do not make a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The bundle cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A schema does not compile.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The depth limit is 0 or more than 256.
    #[error("limits.depth must be from 1 to {MAX_DEPTH}, is {0}")]
    Depth(u32),
    /// Two names of the envelope cannot both be stated.
    #[error("envelope: no event can state its {one} and its {other} there: name two members, neither inside the other")]
    Places {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// An event type has no version.
    #[error("the event type {0} has no version: name the file of its schema under `versions`")]
    NoVersion(String),
    /// The file of a schema is not there.
    #[error("there is no {file}, the schema of {event_type} {version}")]
    NoSchema {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
        /// The file.
        file: String,
    },
    /// A type has several versions, and no place to state one.
    #[error("{0} has more than one version, and the envelope says nowhere that an event states its version")]
    NoVersionPlace(String),
    /// A type has several versions and no default.
    #[error("{event_type} needs a default_version, one of: {known}")]
    NoDefault {
        /// The event type.
        event_type: String,
        /// Its versions.
        known: String,
    },
    /// The default version is none of the type's.
    #[error("the default_version {default} of {event_type} is none of its versions: {known}")]
    OtherDefault {
        /// The event type.
        event_type: String,
        /// The default.
        default: String,
        /// Its versions.
        known: String,
    },
    /// An event of this version could not leave.
    #[error("nothing leads from {event_type} {from} to {to}, in which events leave: add a migration")]
    NoMigration {
        /// The event type.
        event_type: String,
        /// The version.
        from: String,
        /// The newest version.
        to: String,
    },
    /// A migration makes no sense.
    #[error("a migration of {event_type}: {problem}")]
    Migration {
        /// The event type.
        event_type: String,
        /// What is wrong.
        problem: String,
    },
    /// A schema has no example, and none can be made by migrating that of the previous version.
    #[error(
        "the schema of {event_type} {version} has no `examples`: add a valid event, since none can be made of an older version"
    )]
    NoExample {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
    },
    /// A schema's own example is not valid.
    #[error("the example of {event_type} {version} is not valid: {problem}")]
    BadExample {
        /// The event type.
        event_type: String,
        /// Its version.
        version: String,
        /// The first violation.
        problem: String,
    },
    /// A type that a policy emits has no channel or no version 1.0.
    #[error("the event type {0} needs a channel and version {EMITTED_VERSION}")]
    NotEmitted(&'static str),
}

impl Policy {
    /// Makes a policy: compiles every schema, searches every migration path and checks every example.
    pub fn new(bundle: &Bundle, code: Code) -> Result<Self, PolicyError> {
        if let Some([one, other]) = bundle.manifest.envelope.conflict() {
            return Err(PolicyError::Places { one, other });
        }
        let bundle = &*with_dead_letters(bundle);
        let manifest = &bundle.manifest;
        if manifest.limits.depth == 0 || manifest.limits.depth > MAX_DEPTH {
            return Err(PolicyError::Depth(manifest.limits.depth));
        }
        let default_schedule = schedule(&manifest.retry.default);
        let compiler = Compiler::new(&bundle.files)?;
        let mut types = Vec::with_capacity(manifest.event_types.len());
        for (name, event_type) in &manifest.event_types {
            types.push(known_type(
                name,
                event_type,
                bundle,
                &compiler,
                &code,
                &default_schedule,
            )?);
        }
        types.sort_by(|a, b| a.name.cmp(&b.name));
        let mut policy = Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            limits: manifest.limits.into(),
            envelope: manifest.envelope.clone(),
            default_schedule,
            rules: code.rules,
            derivations: code.derivations,
            types,
        };
        policy.check_emitted()?;
        policy.complete_examples()?;
        policy.check_examples()?;
        Ok(policy)
    }

    /// The policy of `schemas/` and this crate's steps, built at the first call.
    ///
    /// # Panics
    /// When the folder that was compiled in is no policy, which the tests rule out.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Policy> =
            LazyLock::new(|| Policy::new(&Bundle::builtin(), Code::builtin()).expect("schemas/ makes a policy"));
        &BUILTIN
    }

    /// Checks the types that the policy sends when it dead-letters an event. Alerts may be left out.
    fn check_emitted(&self) -> Result<(), PolicyError> {
        for name in [DEAD_LETTER, OPS_ALERT, USER_ALERT] {
            let is_usable = |known: &KnownType| known.channel.is_some() && known.version_at(EMITTED_VERSION).is_some();
            if self.event_type(name).is_some_and(|known| !is_usable(known)) {
                return Err(PolicyError::NotEmitted(name));
            }
        }
        Ok(())
    }

    /// Makes each missing example from that of the previous version.
    fn complete_examples(&mut self) -> Result<(), PolicyError> {
        for kind in 0..self.types.len() {
            for version in 0..self.types[kind].versions.len() {
                if self.types[kind].versions[version].example.is_empty() {
                    let example = self.example_of(&self.types[kind], version)?;
                    self.types[kind].versions[version].example = example;
                }
            }
        }
        Ok(())
    }

    /// The example of the previous version, migrated to this one.
    fn example_of(&self, known: &KnownType, at: usize) -> Result<String, PolicyError> {
        let (event_type, version) = (known.name.clone(), known.versions[at].name.clone());
        let migrated = at
            .checked_sub(1)
            .map(|before| self.migrate(known.versions[before].example.as_bytes(), &version));
        match migrated {
            Some(Ok(migrated)) => Ok(migrated.event.unwrap_or_default()),
            Some(Err(failure)) if failure.cause != MigrationCause::NoPath => Err(PolicyError::BadExample {
                event_type,
                version,
                problem: format!("made of an older one: {}", failure.reason()),
            }),
            _ => Err(PolicyError::NoExample { event_type, version }),
        }
    }

    fn check_examples(&self) -> Result<(), PolicyError> {
        for known in &self.types {
            for version in &known.versions {
                let problem = match self.validate(version.example.as_bytes()) {
                    Ok(accepted) if accepted.event_type != known.name => "it is of another type".to_owned(),
                    Ok(accepted) if accepted.event_version != version.name => "it is of another version".to_owned(),
                    Ok(_) => continue,
                    Err(rejection) => rejection.summary(),
                };
                return Err(PolicyError::BadExample {
                    event_type: known.name.clone(),
                    version: version.name.clone(),
                    problem,
                });
            }
        }
        Ok(())
    }
}

/// An event type of the bundle, ready for use.
fn known_type(
    name: &str,
    event_type: &EventType,
    bundle: &Bundle,
    compiler: &Compiler,
    code: &Code,
    default_schedule: &Schedule,
) -> Result<KnownType, PolicyError> {
    let mut versions = Vec::new();
    for (version, file) in &event_type.versions {
        let found = bundle.schema(name, version).ok_or_else(|| PolicyError::NoSchema {
            event_type: name.to_owned(),
            version: version.clone(),
            file: file.clone(),
        })?;
        let schema = compiler.compile(file, &found.text)?;
        versions.push(KnownVersion {
            name: version.clone(),
            example: schema.example().unwrap_or_default().to_owned(),
            schema,
        });
    }
    if versions.is_empty() {
        return Err(PolicyError::NoVersion(name.to_owned()));
    }
    if versions.len() > 1 && bundle.manifest.envelope.version.is_none() {
        return Err(PolicyError::NoVersionPlace(name.to_owned()));
    }
    let names: Vec<&str> = versions.iter().map(|version| version.name.as_str()).collect();
    let default_version = default_version(name, event_type)?;
    check_migrations(name, event_type)?;
    let steps = Steps {
        event_type: name,
        migrations: event_type.migrations.iter().cloned().map(Arc::new).collect(),
        code: &code.steps,
    };
    let paths = best_paths(&names, &steps);
    if let Some(from) = paths.iter().position(|paths| paths.last().is_some_and(Option::is_none))
        && event_type.accepted
    {
        return Err(PolicyError::NoMigration {
            event_type: name.to_owned(),
            from: names[from].to_owned(),
            to: names[names.len() - 1].to_owned(),
        });
    }
    Ok(KnownType {
        default_version,
        name: name.to_owned(),
        channel: event_type.channel.clone(),
        accepted: event_type.accepted,
        alerts_user: event_type.alerts_user,
        schedule: event_type
            .retry
            .as_ref()
            .map_or_else(|| default_schedule.clone(), schedule),
        versions,
        paths,
    })
}

/// The index of the version of an event that names none.
fn default_version(name: &str, event_type: &EventType) -> Result<usize, PolicyError> {
    let known = || {
        let names: Vec<_> = event_type.versions.keys().map(String::as_str).collect();
        names.join(", ")
    };
    match &event_type.default_version {
        None if event_type.versions.len() == 1 => Ok(0),
        None => Err(PolicyError::NoDefault {
            event_type: name.to_owned(),
            known: known(),
        }),
        Some(default) => event_type
            .versions
            .get_index_of(default)
            .ok_or_else(|| PolicyError::OtherDefault {
                event_type: name.to_owned(),
                default: default.clone(),
                known: known(),
            }),
    }
}

/// The migrations of a type lead from one of its versions to another, each once.
fn check_migrations(name: &str, event_type: &EventType) -> Result<(), PolicyError> {
    let problem = |problem: String| PolicyError::Migration {
        event_type: name.to_owned(),
        problem,
    };
    let mut seen = HashSet::new();
    for Migration { from, to, .. } in &event_type.migrations {
        if let Some(unknown) = [from, to]
            .into_iter()
            .find(|version| !event_type.versions.contains_key(*version))
        {
            return Err(problem(format!("there is no version {unknown}")));
        }
        if from == to {
            return Err(problem(format!("{from} cannot become {to}")));
        }
        if !seen.insert((from.min(to), from.max(to))) {
            return Err(problem(format!(
                "there are two between {from} and {to}: keep one, which leads both ways"
            )));
        }
    }
    Ok(())
}

/// The bundle with a type of dead letters, which are always sent: on the channel `dlq`, where a manifest says nothing of it.
fn with_dead_letters(bundle: &Bundle) -> Cow<'_, Bundle> {
    let manifest = &bundle.manifest;
    if manifest.event_types.contains_key(DEAD_LETTER) {
        return Cow::Borrowed(bundle);
    }
    let envelope = &manifest.envelope;
    let mut example = Map::new();
    for (place, value) in [
        (Some(&envelope.id), "dead-letter-1"),
        (Some(&envelope.event_type), DEAD_LETTER),
        (envelope.version.as_ref(), EMITTED_VERSION),
        (Some(&envelope.key), "unknown"),
    ] {
        if let Some(place) = place {
            // The places do not contain each other.
            place
                .set(&mut example, &envelope.event_type, value.into())
                .unwrap_or_default();
        }
    }
    let event_type = EventType {
        accepted: false,
        retry: Some(Delays::default()),
        ..EventType::new("dlq")
    };
    let bundle = bundle.clone().with_event_type(DEAD_LETTER, event_type);
    let schema = json!({ "examples": [example] }).to_string();
    Cow::Owned(bundle.with_schema(DEAD_LETTER, EMITTED_VERSION, schema))
}

fn schedule(delays: &Delays) -> Schedule {
    let delays_ms = delays.as_millis().to_vec();
    Schedule {
        max_retries: u32::try_from(delays_ms.len()).unwrap_or(u32::MAX),
        delays_ms,
    }
}
