//! The same functions from text to text, for callers for which one string is cheaper than a record. Knows how requests and
//! answers are written, and nothing else.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::contract::{Attribute, Context};
use crate::parse::{Bounds, read_object};
use crate::policy::Policy;
use crate::time::{EXPECTED, is_date_time};
use crate::violation::summary;

/// A request of another form: what to change in the call.
struct Misuse(String);

/// How deep a request may be nested: no request is deeper than one object.
const REQUEST_DEPTH: usize = 2;

impl Policy {
    /// Takes the bytes of an event, and its attributes; gives the answer of `validate` with a member `valid` before the others.
    pub fn validate_json(&self, event: &[u8], attributes: &[u8]) -> String {
        match read_attributes(attributes).map(|attributes| self.validate(event, &attributes)) {
            Err(misuse) => refusal(&misuse),
            Ok(Ok(accepted)) => tagged("valid", true, &accepted),
            Ok(Err(rejection)) => tagged("valid", false, &rejection),
        }
    }

    /// Takes `{"event":…,"to_version":…}`, the event as a JSON string; gives the answer of `migrate` with a member
    /// `migrated` before the others, or `{"misuse":…}`.
    pub fn migrate_json(&self, request: &[u8], attributes: &[u8]) -> String {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Request {
            event: String,
            to_version: String,
        }
        let form = r#"{"event":"<text>","to_version":"<version>"}"#;
        let migrated = read::<Request>(request, form).and_then(|request| {
            let attributes = read_attributes(attributes)?;
            Ok(self.migrate(request.event.as_bytes(), &attributes, &request.to_version))
        });
        match migrated {
            Err(misuse) => refusal(&misuse),
            Ok(Ok(migrated)) => tagged("migrated", true, &migrated),
            Ok(Err(failure)) => tagged("migrated", false, &failure),
        }
    }

    /// Takes `{"event_type":…,"attempt":…}`; gives the answer of `next_attempt`, or `{"misuse":…}`.
    pub fn next_attempt_json(&self, request: &[u8]) -> String {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Request {
            event_type: String,
            attempt: u32,
        }
        match read::<Request>(request, r#"{"event_type":"<type>","attempt":<0 or more>}"#) {
            Err(misuse) => refusal(&misuse),
            Ok(request) => text(&self.next_attempt(&request.event_type, request.attempt)),
        }
    }

    /// Takes `{"event":…,"now":…}` and perhaps `target_version`, the event as a JSON string; gives the answer of
    /// `process`, or `{"misuse":…}`.
    pub fn process_json(&self, request: &[u8], attributes: &[u8]) -> String {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Request {
            event: String,
            now: String,
            target_version: Option<String>,
        }
        let form = r#"{"event":"<text>","now":"<time>","target_version":"<version>"}"#;
        let decided = read::<Request>(request, form).and_then(|request| {
            let attributes = read_attributes(attributes)?;
            if !is_date_time(&request.now) {
                return Err(Misuse(format!("now must be {EXPECTED}")));
            }
            let context = Context {
                now: request.now,
                target_version: request.target_version,
                handed_back: false,
            };
            Ok(self.process(request.event.as_bytes(), &attributes, &context))
        });
        match decided {
            Ok(decided) => text(&decided),
            Err(misuse) => refusal(&misuse),
        }
    }

    /// What the policy knows.
    pub fn catalog_json(&self) -> String {
        text(&self.catalog())
    }
}

/// Reads a request as strictly as an event: no duplicate, unknown or missing members.
fn read<T: DeserializeOwned>(request: &[u8], form: &str) -> Result<T, Misuse> {
    let bounds = Bounds {
        bytes: usize::MAX,
        depth: REQUEST_DEPTH,
    };
    let members = read_object(request, bounds)
        .map_err(|violations| Misuse(format!("the request must be {form}; {}", summary(&violations))))?;
    serde_json::from_value(Value::Object(members))
        .map_err(|_| Misuse(format!("the request must be {form}, with these members and no others")))
}

/// Reads attributes: an object of strings, or nothing for none.
fn read_attributes(attributes: &[u8]) -> Result<Vec<Attribute>, Misuse> {
    if attributes.is_empty() {
        return Ok(Vec::new());
    }
    let bounds = Bounds {
        bytes: usize::MAX,
        depth: 1,
    };
    let misuse =
        || Misuse(r#"the attributes must be an object of strings, such as {"type":"order.placed"}"#.to_owned());
    let members = read_object(attributes, bounds).map_err(|_| misuse())?;
    let attribute = |(name, value)| match value {
        Value::String(value) => Ok(Attribute { name, value }),
        _ => Err(misuse()),
    };
    members.into_iter().map(attribute).collect()
}

/// The answer with one more member before the others.
fn tagged(name: &str, value: bool, answer: &impl Serialize) -> String {
    let answer = text(answer);
    format!(r#"{{"{name}":{value},{}"#, answer.strip_prefix('{').unwrap_or_default())
}

fn refusal(misuse: &Misuse) -> String {
    json!({ "misuse": misuse.0 }).to_string()
}

/// Compact JSON. Answers hold strings, numbers, booleans and lists of them, which can always be written.
fn text(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}
