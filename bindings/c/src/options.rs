//! What a program may choose when it opens a policy, read from JSON.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value};
use tidegate_engine::{Isolation, Limits, Options};

use crate::failure::Failure;

/// Fewer than a gate has: a program calls from its own threads, and each place reserves 4 GiB of addresses.
const MAX_CONCURRENT_CALLS: u32 = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Chosen {
    isolation: ChosenIsolation,
    deadline_ms: u32,
    memory_bytes: usize,
    output_bytes: usize,
    max_concurrent_calls: u32,
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
            deadline_ms: u32::try_from(limits.deadline.as_millis()).unwrap_or(u32::MAX),
            memory_bytes: limits.memory_bytes,
            output_bytes: limits.output_bytes,
            max_concurrent_calls: MAX_CONCURRENT_CALLS,
            cache_dir: None,
        }
    }
}

/// Reads options; none are the defaults.
pub(crate) fn read(json: Option<&str>) -> Result<Options, Failure> {
    // As an object first: serde would take an array of the values for one.
    let chosen: Map<String, Value> = serde_json::from_str(json.unwrap_or("{}")).map_err(Failure::Options)?;
    let chosen: Chosen = serde_json::from_value(chosen.into()).map_err(Failure::Options)?;
    Ok(Options {
        limits: Limits {
            deadline: Duration::from_millis(chosen.deadline_ms.into()),
            memory_bytes: chosen.memory_bytes,
            output_bytes: chosen.output_bytes,
        },
        isolation: match chosen.isolation {
            ChosenIsolation::Reuse => Isolation::Reuse,
            ChosenIsolation::Fresh => Isolation::Fresh,
        },
        max_concurrent_calls: chosen.max_concurrent_calls.max(1),
        cache_dir: chosen.cache_dir,
    })
}
