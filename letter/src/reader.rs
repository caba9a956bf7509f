//! Reads a template from JSON, and knows at each part how it got there.

use serde_json::{Map, Value};
use tidegate_text::pointer;

use crate::bad_template::{BadTemplate, Problem};
use crate::template::{BASE64, DEPTH, Given, METADATA, Node, Scalar, Template};

/// The member by which an envelope is known.
const VERSION_OF_ENVELOPES: &str = "specversion";

impl Template {
    /// Reads a template.
    pub fn parse(template: &Value) -> Result<Self, BadTemplate> {
        let mut reader = Reader::default();
        // A dead letter that looks like an envelope would be opened like one.
        if template.get(VERSION_OF_ENVELOPES).is_some() {
            return Err(reader.wrong_at(VERSION_OF_ENVELOPES, Problem::Taken(VERSION_OF_ENVELOPES.to_owned())));
        }
        let root = reader.node(template)?;
        if !reader.has_original {
            return Err(reader.wrong(Problem::Nowhere));
        }
        Ok(Self { root, is_own: false })
    }

    /// The form of the dead letters of a policy, whose catalog has this text; `None`: the gate's own.
    pub fn of(text: Option<&str>) -> Result<Self, BadTemplate> {
        let Some(text) = text else { return Ok(Self::own()) };
        let template = serde_json::from_str(text).map_err(|error| BadTemplate {
            path: Vec::new(),
            problem: Problem::NotJson(error.to_string()),
        })?;
        Self::parse(&template)
    }
}

/// The way through a template.
#[derive(Debug, Default)]
struct Reader {
    path: Vec<String>,
    /// In how many arrays it is.
    arrays: usize,
    has_original: bool,
}

impl Reader {
    fn node(&mut self, value: &Value) -> Result<Node, BadTemplate> {
        match value {
            Value::Object(members) if members.contains_key("from") => self.scalar(members),
            Value::Object(members) => match original(value) {
                Some(kind) => self.original(kind),
                None => self.object(members),
            },
            Value::Array(items) => {
                self.arrays += 1;
                let items = items.iter().enumerate();
                let nodes = items.map(|(at, item)| self.inside(&at.to_string(), item));
                let nodes = nodes.collect::<Result<_, _>>()?;
                self.arrays -= 1;
                Ok(Node::Array(nodes))
            }
            scalar => Ok(Node::Constant(scalar.clone())),
        }
    }

    fn object(&mut self, members: &Map<String, Value>) -> Result<Node, BadTemplate> {
        // What the gate itself adds to an object: the metadata, and the event in base64.
        let texts = members
            .iter()
            .filter(|(_, value)| original(value).is_some_and(|kind| kind == "text"));
        let mut taken: Vec<String> = texts.map(|(name, _)| format!("{name}{BASE64}")).collect();
        taken.push(METADATA.to_owned());
        let nodes = members.iter().map(|(name, value)| {
            if taken.contains(name) {
                return Err(self.wrong_at(name, Problem::Taken(name.clone())));
            }
            Ok((name.clone(), self.inside(name, value)?))
        });
        nodes.collect::<Result<_, _>>().map(Node::Object)
    }

    fn inside(&mut self, step: &str, value: &Value) -> Result<Node, BadTemplate> {
        self.path.push(step.to_owned());
        let node = self.node(value)?;
        self.path.pop();
        Ok(node)
    }

    fn original(&mut self, kind: &Value) -> Result<Node, BadTemplate> {
        let (node, depths) = match kind.as_str() {
            Some("members") => (Node::Members, 0..=DEPTH - 1),
            Some("text") => (Node::Text, 1..=DEPTH),
            _ => return Err(self.wrong(Problem::Original(kind.clone()))),
        };
        if self.arrays > 0 || !depths.contains(&self.path.len()) {
            return Err(self.wrong(Problem::NoObject));
        }
        if self.has_original {
            return Err(self.wrong(Problem::Twice));
        }
        self.has_original = true;
        Ok(node)
    }

    fn scalar(&self, members: &Map<String, Value>) -> Result<Node, BadTemplate> {
        let (mut from, mut otherwise) = (None, Value::Null);
        for (key, value) in members {
            let problem = match (&**key, value) {
                ("from", _) => {
                    from = Some(scalar(value).map_err(|problem| self.wrong_at(key, problem))?);
                    continue;
                }
                ("else", Value::Object(_) | Value::Array(_)) => Problem::Else(value.clone()),
                ("else", _) => {
                    otherwise = value.clone();
                    continue;
                }
                (other, _) => Problem::Key(other.to_owned()),
            };
            return Err(self.wrong_at(key, problem));
        }
        let from = from.ok_or_else(|| self.wrong(Problem::From(Value::Null)))?;
        Ok(Node::Scalar(from, otherwise))
    }

    fn wrong(&self, problem: Problem) -> BadTemplate {
        BadTemplate {
            path: self.path.clone(),
            problem,
        }
    }

    fn wrong_at(&self, key: &str, problem: Problem) -> BadTemplate {
        let path = self.path.iter().cloned().chain([key.to_owned()]).collect();
        BadTemplate { path, problem }
    }
}

/// How the event stands in a place.
fn original(value: &Value) -> Option<&Value> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get("original")
}

/// Where a scalar comes from.
fn scalar(from: &Value) -> Result<Scalar, Problem> {
    let unknown = || Problem::From(from.clone());
    let text = from.as_str().ok_or_else(unknown)?;
    if text.starts_with('/') {
        return match pointer::names(text) {
            Some(_) => Ok(Scalar::Pointer(text.to_owned())),
            None => Err(Problem::Pointer(text.to_owned())),
        };
    }
    if let Some((_, given)) = Given::ALL.iter().find(|(name, _)| *name == text) {
        return Ok(Scalar::Given(*given));
    }
    let is_attribute = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_attribute
        .then(|| Scalar::Attribute(text.to_owned()))
        .ok_or_else(unknown)
}
