//! The options with which a program opens a policy, read from JSON. Knows nothing of C.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use serde::Deserialize;
use tidegate_engine::{Isolation, Limits, Options};

use crate::failure::Failure;

/// Fewer than a gate allows: a program calls from its own threads, and each concurrent call reserves 4 GiB of addresses.
const MAX_CONCURRENT_CALLS: NonZeroU32 = NonZeroU32::new(16).unwrap();

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Chosen {
    isolation: ChosenIsolation,
    deadline_ms: NonZeroU32,
    memory_bytes: usize,
    output_bytes: usize,
    max_concurrent_calls: NonZeroU32,
    cache_dir: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChosenIsolation {
    Reuse,
    Fresh,
}

impl Default for Chosen {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            isolation: ChosenIsolation::Reuse,
            deadline_ms: u32::try_from(limits.deadline.as_millis())
                .ok()
                .and_then(NonZeroU32::new)
                .unwrap_or(NonZeroU32::MAX),
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            max_concurrent_calls: MAX_CONCURRENT_CALLS,
            cache_dir: None,
        }
    }
}

/// Reads options; without any, the defaults.
pub(crate) fn read(json: Option<&str>) -> Result<Options, Failure> {
    let json = json.unwrap_or("{}");
    // serde would accept an array of the values, too.
    if !json.trim_start().starts_with('{') {
        return Err(Failure::Options(serde::de::Error::custom("they are no object")));
    }
    let chosen: Chosen = serde_json::from_str(json).map_err(Failure::Options)?;
    Ok(Options {
        limits: Limits {
            deadline: Duration::from_millis(chosen.deadline_ms.get().into()),
            memory_bytes: chosen.memory_bytes,
            output_bytes: chosen.output_bytes,
        },
        isolation: match chosen.isolation {
            ChosenIsolation::Reuse => Isolation::Reuse,
            ChosenIsolation::Fresh => Isolation::Fresh,
        },
        max_concurrent_calls: chosen.max_concurrent_calls.get(),
        cache_dir: chosen.cache_dir,
    })
}
