//! The values of an evaluation. What stands in a document or in the expression is borrowed; what is made is shared.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::budget::Budget;
use crate::decimal::Decimal;
use crate::error::Stop;
use crate::kind::Kind;

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Arc<Decimal>),
    Text(Text<'a>),
    List(List<'a>),
    Map(Map<'a>),
    /// Nanoseconds since 1970.
    Timestamp(i128),
    /// Nanoseconds.
    Duration(i128),
}

#[derive(Debug, Clone)]
pub(crate) enum Text<'a> {
    Borrowed(&'a str),
    Made(Rc<str>),
}

#[derive(Debug, Clone)]
pub(crate) enum List<'a> {
    Json(&'a [Json]),
    Made(Rc<[Value<'a>]>),
}

#[derive(Debug, Clone)]
pub(crate) enum Map<'a> {
    Json(&'a serde_json::Map<String, Json>),
    Made(Rc<[(Value<'a>, Value<'a>)]>),
}

impl<'a> Value<'a> {
    /// What a document states.
    pub(crate) fn of_json(json: &'a Json, budget: &mut Budget) -> Result<Self, Stop> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(is_true) => Self::Bool(*is_true),
            Json::Number(number) => {
                budget.write(number.as_str().len() as u64)?;
                let number = Decimal::parse(number.as_str()).map_err(|problem| Stop::wrong(problem.message()))?;
                Self::Number(Arc::new(number))
            }
            Json::String(text) => Self::Text(Text::Borrowed(text)),
            Json::Array(elements) => Self::List(List::Json(elements)),
            Json::Object(members) => Self::Map(Map::Json(members)),
        })
    }

    pub(crate) fn of_count(count: usize) -> Self {
        Self::Number(Arc::new(Decimal::of_count(count)))
    }

    pub(crate) fn of_text(text: String) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    /// A list that was paid for.
    pub(crate) fn of_list(elements: Vec<Self>) -> Self {
        Self::List(List::Made(elements.into()))
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Duration(_) => Kind::Duration,
        }
    }
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'a> List<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(elements) => elements.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    pub(crate) fn get(&self, at: usize, budget: &mut Budget) -> Result<Option<Value<'a>>, Stop> {
        budget.spend(1)?;
        match self {
            Self::Json(elements) => elements.get(at).map(|json| Value::of_json(json, budget)).transpose(),
            Self::Made(elements) => Ok(elements.get(at).cloned()),
        }
    }
}

impl<'a> Map<'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Json(members) => members.len(),
            Self::Made(members) => members.len(),
        }
    }

    /// The keys, in the order in which the members stand.
    pub(crate) fn keys(&self, budget: &mut Budget) -> Result<Vec<Value<'a>>, Stop> {
        budget.allocate(self.len())?;
        Ok(match self {
            Self::Json(members) => members.keys().map(|name| Value::Text(Text::Borrowed(name))).collect(),
            Self::Made(members) => members.iter().map(|(key, _)| key.clone()).collect(),
        })
    }
}
