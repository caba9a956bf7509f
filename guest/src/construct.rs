//! Makes a policy from a bundle and code: searches every migration path, and where the bundle is new, compiles every schema and checks
//! every example.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, OnceLock};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bundle::{Bundle, File};
use crate::code::Code;
use crate::contract::{Alert, DeadLetters, Schedule};
use crate::delays::Delays;
use crate::emits_check::check_emits;
use crate::envelope::Mapped;
use crate::expressions::Expressions;
use crate::known::{KnownType, KnownVersion};
use crate::manifest::{self, Alerted, EventType, Idempotency, Manifest};
use crate::migration_path::{Steps, best_paths};
use crate::migrations::{check_shared, migrations_of};
use crate::policy::Policy;
use crate::policy_error::{MAX_DEPTH, PolicyError};
use crate::schema::Compiler;
use crate::shared_rules::{check_shared_rules, rules_of};

/// The most channels with alerts: with the dead letter, as many outputs as a gate takes.
const MOST_ALERTS: usize = 63;

impl Policy {
    /// Makes a policy: compiles every schema, searches every migration path and checks every example.
    pub fn new(bundle: &Bundle, code: Code) -> Result<Self, PolicyError> {
        let compiler = Arc::new(Compiler::new(&bundle.files)?);
        let policy = Self::of(bundle, code, &compiler)?;
        let versions = policy.types.iter().flat_map(|known| &known.versions);
        compiler.compile_all(&versions.map(|version| &version.schema).collect::<Vec<_>>())?;
        policy.check_examples()?;
        Ok(policy)
    }

    /// Makes a policy of what [`Self::new`] has made one of before: the same, in less time. A schema is compiled when the first event
    /// needs it.
    pub fn proven(bundle: &Bundle, code: Code) -> Result<Self, PolicyError> {
        Self::of(bundle, code, &Arc::new(Compiler::new(&bundle.files)?))
    }

    fn of(bundle: &Bundle, code: Code, compiler: &Arc<Compiler>) -> Result<Self, PolicyError> {
        if let Some([one, other]) = bundle.manifest.envelope.conflict() {
            return Err(PolicyError::Places { one, other });
        }
        let manifest = &bundle.manifest;
        if manifest.limits.depth == 0 || manifest.limits.depth > MAX_DEPTH {
            return Err(PolicyError::Depth(manifest.limits.depth));
        }
        check_shared(manifest)?;
        check_shared_rules(manifest)?;
        check_emits(manifest)?;
        let default_schedule = schedule(&manifest.retry.default);
        let files: HashMap<&str, &File> = bundle.files.iter().map(|file| (&*file.name, file)).collect();
        let mut types = Vec::with_capacity(manifest.event_types.len());
        for (name, event_type) in &manifest.event_types {
            types.push(known_type(
                name,
                event_type,
                manifest,
                &files,
                compiler,
                &code,
                &default_schedule,
            )?);
        }
        types.sort_by(|a, b| a.name.cmp(&b.name));
        check_names(manifest)?;
        Ok(Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: None,
            limits: manifest.limits.into(),
            mapped: mapped(manifest)?,
            payload: manifest
                .envelope
                .payload
                .clone()
                .filter(|_| manifest.cloudevents.payload.is_some()),
            id_scope: manifest.id_scope,
            is_idempotent: manifest.idempotency == Idempotency::On,
            dead_letters: dead_letters(&manifest.dead_letters),
            alerts: manifest.alerts.iter().map(alert).collect(),
            envelope: manifest.envelope.clone(),
            default_schedule,
            rules: code.rules,
            derivations: code.derivations,
            types,
        })
    }

    /// The policy of a bundle, as [`Bundle::to_document`] writes it, and of no code: its catalog has the digest of the document.
    pub fn of_files(document: &str) -> Result<Self, PolicyError> {
        Self::with_digest(document, Self::new)
    }

    /// The same of a bundle of which [`Self::of_files`] has made a policy before.
    pub fn of_proven_files(document: &str) -> Result<Self, PolicyError> {
        Self::with_digest(document, Self::proven)
    }

    fn with_digest(document: &str, make: fn(&Bundle, Code) -> Result<Self, PolicyError>) -> Result<Self, PolicyError> {
        let policy = make(&Bundle::from_document(document)?, Code::default())?;
        Ok(Self {
            digest: Some(format!("sha256:{}", hex::encode(Sha256::digest(document)))),
            ..policy
        })
    }

    /// The policy of `schemas/`, built at the first call.
    ///
    /// # Panics
    /// When the folder that was compiled in is no policy, which the tests rule out.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Policy> =
            LazyLock::new(|| Policy::new(&Bundle::builtin(), Code::default()).expect("schemas/ makes a policy"));
        &BUILTIN
    }
}

/// An event type of the bundle, ready for use.
fn known_type(
    name: &str,
    event_type: &EventType,
    manifest: &Manifest,
    files: &HashMap<&str, &File>,
    compiler: &Arc<Compiler>,
    code: &Code,
    default_schedule: &Schedule,
) -> Result<KnownType, PolicyError> {
    let mut versions = Vec::new();
    for (version, file) in &event_type.versions {
        let found = files.get(&**file).ok_or_else(|| PolicyError::NoSchema {
            event_type: name.to_owned(),
            version: version.clone(),
            file: file.clone(),
        })?;
        versions.push(KnownVersion {
            name: version.clone(),
            schema: compiler.schema(found),
        });
    }
    if versions.is_empty() {
        return Err(PolicyError::NoVersion(name.to_owned()));
    }
    if versions.len() > 1 && manifest.envelope.version.is_none() {
        return Err(PolicyError::NoVersionPlace(name.to_owned()));
    }
    let names: Vec<&str> = versions.iter().map(|version| version.name.as_str()).collect();
    let default_version = default_version(name, event_type)?;
    let target_version = match &event_type.target_version {
        None => names.len() - 1,
        Some(target) => event_type
            .versions
            .get_index_of(target)
            .ok_or_else(|| PolicyError::OtherTarget {
                event_type: name.to_owned(),
                target: target.clone(),
                known: names.join(", "),
            })?,
    };
    let steps = Steps {
        event_type: name,
        migrations: migrations_of(manifest, name)?,
        code: &code.steps,
    };
    let paths = best_paths(&names, &steps);
    if let Some(from) = paths.iter().position(|paths| paths[target_version].is_none())
        && event_type.accepted
    {
        return Err(PolicyError::NoMigration {
            event_type: name.to_owned(),
            from: names[from].to_owned(),
            to: names[target_version].to_owned(),
        });
    }
    let expressions = Expressions::compile(name, event_type, &rules_of(manifest, name, event_type))?;
    let latest = names.len() - 1;
    let stuck = paths.iter().position(|paths| paths[latest].is_none());
    if let Some(from) = stuck.filter(|_| expressions.need_latest()) {
        return Err(PolicyError::NotLatest {
            event_type: name.to_owned(),
            from: names[from].to_owned(),
            latest: names[latest].to_owned(),
        });
    }
    Ok(KnownType {
        default_version,
        target_version,
        name: name.to_owned(),
        expressions,
        not_before: event_type.not_before.clone(),
        accepted: event_type.accepted,
        schedule: event_type
            .retry
            .as_ref()
            .map_or_else(|| default_schedule.clone(), schedule),
        versions,
        paths,
        emits: event_type.emits.clone(),
        new_names: OnceLock::new(),
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

/// The names of a manifest that must be there.
fn check_names(manifest: &Manifest) -> Result<(), PolicyError> {
    if manifest.envelope.id.is_none() && manifest.idempotency == Idempotency::On {
        return Err(PolicyError::NoId);
    }
    let DeadLetters {
        channel, event_type, ..
    } = dead_letters(&manifest.dead_letters);
    if channel.is_empty() {
        return Err(PolicyError::NoChannel("dead_letters"));
    }
    if event_type.is_empty() || manifest.event_types.contains_key(&event_type) {
        return Err(PolicyError::DeadLetterType(event_type));
    }
    if manifest.alerts.len() > MOST_ALERTS {
        return Err(PolicyError::TooManyAlerts(manifest.alerts.len()));
    }
    if manifest.alerts.contains_key(&channel) {
        return Err(PolicyError::AlertOfItself(channel));
    }
    for (channel, alerted) in &manifest.alerts {
        let Alerted::Types(types) = alerted else { continue };
        if let Some(unknown) = types.iter().find(|name| !manifest.event_types.contains_key(*name)) {
            return Err(PolicyError::NoAlertType {
                channel: channel.clone(),
                event_type: unknown.clone(),
            });
        }
    }
    Ok(())
}

/// The attributes that stand for members.
fn mapped(manifest: &Manifest) -> Result<Vec<Mapped>, PolicyError> {
    let (envelope, cloudevents) = (&manifest.envelope, &manifest.cloudevents);
    let mapped = envelope.mapped(cloudevents).map_err(PolicyError::NoPlace)?;
    if let Some(wrong) = mapped.iter().find(|mapped| !mapped.is_possible()) {
        return Err(PolicyError::AttributeName(wrong.attribute.clone()));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = mapped.iter().find(|mapped| !seen.insert(&mapped.attribute)) {
        return Err(PolicyError::SameAttribute(twice.attribute.clone()));
    }
    for (at, one) in mapped.iter().enumerate() {
        if let Some(other) = mapped[at + 1..].iter().find(|other| other.place == one.place) {
            return Err(PolicyError::TwoAttributes {
                one: one.attribute.clone(),
                other: other.attribute.clone(),
                place: one.place.pointer().to_owned(),
            });
        }
    }
    if cloudevents.payload.is_none() {
        return Ok(mapped);
    }
    let Some(payload) = envelope.payload.as_ref().filter(|_| cloudevents.event_type.is_some()) else {
        return Err(PolicyError::Payload);
    };
    let has_versions = manifest
        .event_types
        .values()
        .any(|event_type| event_type.versions.len() > 1);
    let lost = envelope.places().find(|(name, place)| {
        let is_stated = payload.contains(place) || mapped.iter().any(|mapped| mapped.place == **place);
        !is_stated && (*name != "version" || has_versions)
    });
    if let Some((name, _)) = lost {
        return Err(PolicyError::NoAttribute(name));
    }
    Ok(mapped)
}

fn dead_letters(of: &manifest::DeadLetters) -> DeadLetters {
    DeadLetters {
        channel: of.channel.clone(),
        event_type: of.event_type.clone(),
        template: of.template.as_ref().map(Value::to_string),
    }
}

fn alert((channel, alerted): (&String, &Alerted)) -> Alert {
    Alert {
        channel: channel.clone(),
        event_types: match alerted {
            Alerted::All => None,
            Alerted::Types(types) => Some(types.clone()),
        },
    }
}

fn schedule(delays: &Delays) -> Schedule {
    let delays_ms = delays.as_millis().to_vec();
    Schedule {
        max_retries: u32::try_from(delays_ms.len()).unwrap_or(u32::MAX),
        delays_ms,
    }
}
