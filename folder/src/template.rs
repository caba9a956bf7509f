//! Whether the manifest gives a template of dead letters that a gate takes, and where in it something is wrong. What a template is, the
//! contract says, and gates check it of every policy; authors are told here, with a line. Knows no event.

use serde_json::{Map, Value};
use tidegate_text::pointer;

/// How deep the event may stand.
const DEPTH: usize = 8;
/// The member that a gate adds, of which no other may have the name.
const METADATA: &str = "dlq_metadata";
/// What a gate adds to the name of a text that is not UTF-8.
const BASE64: &str = "_base64";
/// The member by which an envelope is known.
const VERSION_OF_ENVELOPES: &str = "specversion";
/// What a gate gives.
const GIVEN: [&str; 6] = [
    "letter.id",
    "letter.time",
    "event.id",
    "event.type",
    "event.key",
    "event.attributes",
];

/// Something wrong in a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The keys and indices that lead to it.
    pub(crate) path: Vec<String>,
    pub(crate) problem: NotATemplate,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATemplate {
    /// It names nothing that exists.
    #[error("{0} is neither a JSON Pointer such as /id, nor the name of an attribute, nor one of {list}", list = GIVEN.join(", "))]
    From(Value),
    /// A pointer with a `~` that escapes nothing.
    #[error("{0:?} is no JSON Pointer: write `~0` for a `~` in a name, and `~1` for a `/`")]
    Pointer(String),
    /// It says more of a scalar.
    #[error("beside `from` stands `else` alone: leave `{0}` out")]
    Key(String),
    /// What stands for an absent scalar is none.
    #[error("`else` is a text, a number, true, false or null, and is {0}")]
    Else(Value),
    /// It says something else of the event.
    #[error("`original` is \"members\" or \"text\", and is {0}")]
    Original(Value),
    /// The event has no place.
    #[error("the event stands nowhere: write `{{ original: members }}` or `{{ original: text }}` where it shall stand")]
    Nowhere,
    /// The event has several.
    #[error("the event stands there a second time, and must stand there once")]
    Twice,
    /// The event stands where no reader looks for it.
    #[error("the event stands in objects alone, at most {DEPTH} deep, and its text is a member of one")]
    NoObject,
    /// A name is taken.
    #[error("no member may be called {0}: a gate gives that name a meaning of its own")]
    Taken(String),
}

/// Checks a template.
pub(crate) fn check(template: &Value) -> Result<(), Wrong> {
    if template.get(VERSION_OF_ENVELOPES).is_some() {
        return Err(Wrong {
            path: vec![VERSION_OF_ENVELOPES.to_owned()],
            problem: NotATemplate::Taken(VERSION_OF_ENVELOPES.to_owned()),
        });
    }
    let mut walk = Walk::default();
    walk.value(template)?;
    if walk.has_original {
        Ok(())
    } else {
        Err(walk.wrong(NotATemplate::Nowhere))
    }
}

/// The way through a template.
#[derive(Debug, Default)]
struct Walk {
    path: Vec<String>,
    /// In how many arrays it is.
    arrays: usize,
    has_original: bool,
}

impl Walk {
    fn wrong(&self, problem: NotATemplate) -> Wrong {
        Wrong {
            path: self.path.clone(),
            problem,
        }
    }

    fn inside(&mut self, step: String, value: &Value) -> Result<(), Wrong> {
        self.path.push(step);
        self.value(value)?;
        self.path.pop();
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), Wrong> {
        match value {
            Value::Object(members) if members.contains_key("from") => self.scalar(members),
            Value::Object(members) if members.len() == 1 && members.contains_key("original") => {
                self.original(&members["original"])
            }
            Value::Object(members) => {
                let is_text = |value: &Value| {
                    value.as_object().is_some_and(|inside| {
                        inside.len() == 1 && inside.get("original").is_some_and(|kind| kind == "text")
                    })
                };
                let texts = members.iter().filter(|(_, value)| is_text(value));
                let mut taken: Vec<String> = texts.map(|(name, _)| format!("{name}{BASE64}")).collect();
                taken.push(METADATA.to_owned());
                for (name, value) in members {
                    if taken.contains(name) {
                        self.path.push(name.clone());
                        return Err(self.wrong(NotATemplate::Taken(name.clone())));
                    }
                    self.inside(name.clone(), value)?;
                }
                Ok(())
            }
            Value::Array(items) => {
                self.arrays += 1;
                for (at, item) in items.iter().enumerate() {
                    self.inside(at.to_string(), item)?;
                }
                self.arrays -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn original(&mut self, kind: &Value) -> Result<(), Wrong> {
        let depths = match kind.as_str() {
            Some("members") => 0..=DEPTH - 1,
            Some("text") => 1..=DEPTH,
            _ => return Err(self.wrong(NotATemplate::Original(kind.clone()))),
        };
        if self.arrays > 0 || !depths.contains(&self.path.len()) {
            return Err(self.wrong(NotATemplate::NoObject));
        }
        if self.has_original {
            return Err(self.wrong(NotATemplate::Twice));
        }
        self.has_original = true;
        Ok(())
    }

    fn scalar(&mut self, members: &Map<String, Value>) -> Result<(), Wrong> {
        for (key, value) in members {
            let problem = match (&**key, value) {
                ("from", Value::String(text)) => from(text),
                ("from", other) => Some(NotATemplate::From(other.clone())),
                ("else", Value::Object(_) | Value::Array(_)) => Some(NotATemplate::Else(value.clone())),
                ("else", _) => None,
                (other, _) => Some(NotATemplate::Key(other.to_owned())),
            };
            if let Some(problem) = problem {
                self.path.push(key.clone());
                return Err(self.wrong(problem));
            }
        }
        Ok(())
    }
}

/// What is wrong with the name of a scalar.
fn from(text: &str) -> Option<NotATemplate> {
    let is_attribute = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if text.starts_with('/') {
        let is_pointer = pointer::names(text).is_some();
        return (!is_pointer).then(|| NotATemplate::Pointer(text.to_owned()));
    }
    (!is_attribute && !GIVEN.contains(&text)).then(|| NotATemplate::From(text.into()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;
    use tidegate_text::pointer;

    use super::check;

    #[derive(Deserialize)]
    struct Case {
        template: Value,
        /// The pointer to what is wrong; absent: nothing is.
        #[serde(default)]
        wrong: Option<String>,
        #[serde(default)]
        problem: String,
    }

    /// The cases that gates check, too.
    #[test]
    fn a_template_is_what_a_gate_takes_for_one() {
        let cases = include_str!("../../tests/templates.json");
        let cases: Vec<Case> = serde_json::from_str(cases).expect("cases");
        for case in cases {
            let found = check(&case.template);
            match case.wrong {
                None => assert_eq!(found, Ok(()), "{}", case.template),
                Some(at) => {
                    let wrong = found.expect_err(&case.template.to_string());
                    let mut path = String::new();
                    wrong.path.iter().for_each(|step| pointer::push(&mut path, step));
                    assert_eq!(path, at, "{}: {}", case.template, wrong.problem);
                    let problem = wrong.problem.to_string();
                    assert!(
                        problem.contains(&case.problem),
                        "{problem:?} should contain {:?}",
                        case.problem
                    );
                }
            }
        }
    }
}
