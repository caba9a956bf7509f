//! The example of each version of an event type: one that its schema states, or one that is made by migrating that of the version
//! before. Knows nothing of how a policy is made.

use crate::contract::MigrationCause;
use crate::known::KnownType;
use crate::policy::Policy;
use crate::policy_error::PolicyError;

impl Policy {
    /// A valid event of a version.
    pub(crate) fn example(&self, known: &KnownType, at: usize) -> Result<String, PolicyError> {
        match (known.versions[at].schema.example(), at.checked_sub(1)) {
            (Some(example), _) => Ok(example),
            (None, Some(before)) => self.migrated_example(known, before, at),
            (None, None) => Err(missing(known, at)),
        }
    }

    /// The example of the version before, migrated to this one.
    fn migrated_example(&self, known: &KnownType, before: usize, at: usize) -> Result<String, PolicyError> {
        let example = self.example(known, before)?;
        match self.migrate(example.as_bytes(), &[], &known.versions[at].name) {
            Ok(migrated) => Ok(migrated.event.unwrap_or_default()),
            Err(failure) if failure.cause == MigrationCause::NoPath => Err(missing(known, at)),
            Err(failure) => Err(bad(known, at, format!("made of an older one: {}", failure.reason()))),
        }
    }

    /// Checks that each version has an example that is valid.
    pub(crate) fn check_examples(&self) -> Result<(), PolicyError> {
        for known in &self.types {
            for (at, version) in known.versions.iter().enumerate() {
                let example = self.example(known, at)?;
                let problem = match self.validate(example.as_bytes(), &[]) {
                    Ok(accepted) if accepted.event_type != known.name => "it is of another type".to_owned(),
                    Ok(accepted) if accepted.event_version != version.name => "it is of another version".to_owned(),
                    Ok(_) => continue,
                    Err(rejection) => rejection.summary(),
                };
                return Err(bad(known, at, problem));
            }
        }
        Ok(())
    }
}

fn missing(known: &KnownType, at: usize) -> PolicyError {
    PolicyError::NoExample {
        event_type: known.name.clone(),
        version: known.versions[at].name.clone(),
    }
}

fn bad(known: &KnownType, at: usize, problem: String) -> PolicyError {
    PolicyError::BadExample {
        event_type: known.name.clone(),
        version: known.versions[at].name.clone(),
        problem,
    }
}
