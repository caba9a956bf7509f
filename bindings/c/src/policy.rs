//! A policy for threads that know nothing of async, with answers in JSON. Knows the engine and nothing of C.

use std::{io, process, sync::LazyLock};

use serde::Serialize;
use tidegate_engine::{Attribute, CallError, Context, Engine, Policy};
use tokio::runtime::{Builder, Runtime};

use crate::{
    failure::{Failure, in_one_line},
    options,
};

/// A loaded policy. Attributes are JSON text, and empty for none.
pub(crate) struct Loaded(Policy);

/// Runs timers and loads policies. The calls themselves run on the caller's threads.
static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("tidegate")
        .enable_time()
        .build()
});

/// The process that has these threads. A forked child does not have them and would wait forever.
static OWNER: LazyLock<u32> = LazyLock::new(process::id);

fn block_on<F: Future>(future: F) -> Result<F::Output, Failure> {
    if *OWNER != process::id() {
        return Err(Failure::Forked);
    }
    match &*RUNTIME {
        Ok(runtime) => Ok(runtime.block_on(future)),
        Err(error) => Err(Failure::Threads(io::Error::new(error.kind(), error.to_string()))),
    }
}

impl Loaded {
    pub(crate) fn load(file: &[u8], options: Option<&str>) -> Result<Self, Failure> {
        let engine = Engine::new(options::read(options)?)?;
        if let Some(error) = engine.cache_error() {
            return Err(Failure::Cache(in_one_line(error)));
        }
        Ok(Self(block_on(engine.load(file))??))
    }

    pub(crate) fn validate(&self, event: &[u8], attributes: &str) -> Result<String, Failure> {
        let Ok(text) = self.0.text(event) else {
            return Ok(match block_on(self.0.validate(event, NOT_LOOKED_AT))?? {
                Ok(accepted) => tagged("valid", true, &accepted),
                Err(rejection) => tagged("valid", false, &rejection),
            });
        };
        answer(block_on(self.0.json_validate(text, attributes))??)
    }

    pub(crate) fn migrate(&self, event: &[u8], to_version: &str, attributes: &str) -> Result<String, Failure> {
        let Ok(text) = self.0.text(event) else {
            return Ok(match block_on(self.0.migrate(event, NOT_LOOKED_AT, to_version))?? {
                Ok(migrated) => tagged("migrated", true, &migrated),
                Err(failure) => tagged("migrated", false, &failure),
            });
        };
        let request = MigrateRequest {
            event: text,
            to_version,
        };
        answer(block_on(self.0.json_migrate(&json(&request), attributes))??)
    }

    pub(crate) fn next_attempt(&self, event_type: &str, attempt: u32) -> Result<String, Failure> {
        let request = NextAttemptRequest { event_type, attempt };
        answer(block_on(self.0.json_next_attempt(&json(&request)))??)
    }

    pub(crate) fn process(
        &self,
        event: &[u8],
        now: &str,
        target_version: Option<&str>,
        attributes: &str,
    ) -> Result<String, Failure> {
        let Ok(text) = self.0.text(event) else {
            let context = Context {
                now: now.to_owned(),
                target_version: target_version.map(str::to_owned),
                handed_back: false,
            };
            return match block_on(self.0.process(event, NOT_LOOKED_AT, &context))? {
                Ok(decided) => Ok(json(&decided)),
                Err(CallError::Fault(fault)) => Err(fault.into()),
                Err(misuse) => Err(Failure::Misuse(misuse.to_string())),
            };
        };
        let request = ProcessRequest {
            event: text,
            now,
            target_version,
        };
        answer(block_on(self.0.json_process(&json(&request), attributes))??)
    }

    pub(crate) fn catalog(&self) -> Result<String, Failure> {
        answer(block_on(self.0.json_catalog())??)
    }

    pub(crate) fn digest(&self) -> String {
        self.0.digest().to_string()
    }
}

#[derive(Serialize)]
struct MigrateRequest<'a> {
    event: &'a str,
    to_version: &'a str,
}

#[derive(Serialize)]
struct NextAttemptRequest<'a> {
    event_type: &'a str,
    attempt: u32,
}

#[derive(Serialize)]
struct ProcessRequest<'a> {
    event: &'a str,
    now: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_version: Option<&'a str>,
}

/// The attributes of an event that is not text: its answer does not depend on them.
const NOT_LOOKED_AT: &[Attribute] = &[];

/// The policy's answer, unless it is a misuse.
fn answer(text: String) -> Result<String, Failure> {
    #[derive(serde::Deserialize)]
    struct Misuse {
        misuse: String,
    }
    // No other answer begins like this; checking the first bytes avoids parsing all of it.
    if text.starts_with(r#"{"misuse":"#)
        && let Ok(Misuse { misuse }) = serde_json::from_str(&text)
    {
        return Err(Failure::Misuse(misuse));
    }
    Ok(text)
}

/// The answer to bytes that are not text, as the contract's `json` interface would write it.
fn tagged(name: &str, value: bool, answer: &impl Serialize) -> String {
    let answer = json(answer);
    format!(r#"{{"{name}":{value},{}"#, answer.strip_prefix('{').unwrap_or_default())
}

/// Compact JSON. Requests and answers contain texts, numbers and lists of them, which can always be written.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
