//! A YAML or JSON document whose values know where they stand, so that a message can name a line and an edit can replace one value.
//! Numbers keep their digits, members their order. Knows no cases.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use serde_json::{Map, Number, Value};

/// Values that a document may have, those that aliases repeat counted again.
const MOST_VALUES: usize = 1_000_000;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// Its bytes in the text; of a block, without what follows its last value.
    pub(super) span: Range<usize>,
    /// The column of its first character, from 0.
    pub(super) column: usize,
    /// Whether it is written in braces, brackets or quotes, and not in lines of its own.
    pub(super) is_flow: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// The bytes of the name.
    pub(super) span: Range<usize>,
    /// The column of the name, from 0.
    pub(super) column: usize,
    pub(super) value: Node,
}

/// Why a text is no document.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub(super) struct BadDocument {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Reads a document; `None`: there is nothing in it.
pub(super) fn read(text: &str) -> Result<Option<Node>, BadDocument> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        left: MOST_VALUES,
    };
    let root = loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(None),
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (event, span) => break reader.node(event, span)?,
        }
    };
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::DocumentStart(..), span) => {
                return Err(bad(&span, "a second document begins: write one a file"));
            }
            _ => {}
        }
    }
    let is_empty = matches!(root.kind, Kind::Scalar(Value::Null)) && root.span.is_empty();
    Ok((!is_empty).then_some(root))
}

impl Node {
    /// The value alone.
    pub(super) fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Kind::Map(members) => {
                let members = members.iter();
                let members = members.map(|member| (member.name.clone(), member.value.value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        let Kind::Map(members) = &self.kind else { return None };
        members.iter().find(|member| member.name == name)
    }

    /// The value that these names lead to, or the last one on the way that there is.
    pub(super) fn nearest<'a>(&'a self, names: impl IntoIterator<Item = &'a str>) -> &'a Self {
        let mut found = self;
        for name in names {
            match found.child(name) {
                Some(child) => found = child,
                None => break,
            }
        }
        found
    }

    /// The member of a map, or the item of a list at this position.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Scalar(_) => None,
            Kind::List(items) => items.get(name.parse::<usize>().ok()?),
            Kind::Map(_) => self.member(name).map(|member| &member.value),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    left: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), BadDocument> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(found)) => return Ok(found),
                Some(Err(error)) => return Err(scan(&error)),
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, BadDocument> {
        self.count(1, &span)?;
        let (kind, end, is_flow, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    return Err(bad(&span, "tags such as !this have no meaning here"));
                }
                let is_plain = style == ScalarStyle::Plain;
                let value = if is_plain {
                    plain(text, &span)?
                } else {
                    Value::String(text.into_owned())
                };
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                (Kind::Scalar(value), offset(&span).end, !is_block, anchor)
            }
            Event::SequenceStart(style, anchor, _) => {
                let mut items = Vec::new();
                let end = loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => break end,
                        (event, span) => items.push(self.node(event, span)?),
                    }
                };
                let is_flow = style == StructureStyle::Flow;
                let last = items.last().map(|item: &Node| item.span.end);
                (
                    Kind::List(items),
                    last.filter(|_| !is_flow).unwrap_or(offset(&end).end),
                    is_flow,
                    anchor,
                )
            }
            Event::MappingStart(style, anchor, _) => {
                let (members, end) = self.members()?;
                let is_flow = style == StructureStyle::Flow;
                let last = members.last().map(|member| member.value.span.end.max(member.span.end));
                (
                    Kind::Map(members),
                    last.filter(|_| !is_flow).unwrap_or(offset(&end).end),
                    is_flow,
                    anchor,
                )
            }
            Event::Alias(anchor) => {
                let mut node = self.anchors.get(&anchor).cloned();
                let node = node
                    .as_mut()
                    .ok_or_else(|| bad(&span, "an alias stands inside of what it repeats"))?;
                self.count(size(node), &span)?;
                return Ok(Node {
                    line: span.start.line(),
                    column: span.start.col(),
                    span: offset(&span),
                    is_flow: true,
                    kind: node.kind.clone(),
                });
            }
            _ => return Err(bad(&span, "a value is missing")),
        };
        let node = Node {
            kind,
            line: span.start.line(),
            span: offset(&span).start..end,
            column: span.start.col(),
            is_flow,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn members(&mut self) -> Result<(Vec<Member>, Span), BadDocument> {
        let mut members: Vec<Member> = Vec::new();
        loop {
            let (name, span) = match self.next()? {
                (Event::MappingEnd, span) => return Ok((members, span)),
                (Event::Scalar(name, ..), span) => (name.into_owned(), span),
                (_, span) => return Err(bad(&span, "the name of a member is a text or a number")),
            };
            if members.iter().any(|member| member.name == name) {
                return Err(bad(&span, format!("{name} is there twice")));
            }
            let (event, at) = self.next()?;
            members.push(Member {
                name,
                span: offset(&span),
                column: span.start.col(),
                value: self.node(event, at)?,
            });
        }
    }

    fn count(&mut self, values: usize, span: &Span) -> Result<(), BadDocument> {
        self.left = self.left.checked_sub(values).ok_or_else(|| {
            bad(
                span,
                format!("more than {MOST_VALUES} values, with what aliases repeat"),
            )
        })?;
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::Scalar(_) => 0,
        Kind::List(items) => items.iter().map(size).sum(),
        Kind::Map(members) => members.iter().map(|member| size(&member.value)).sum(),
    }
}

/// The value of a text without quotes, as YAML 1.2 has it.
fn plain(text: Cow<'_, str>, span: &Span) -> Result<Value, BadDocument> {
    Ok(match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text if looks_numeric(text) => match serde_json::from_str::<Number>(text) {
            Ok(number) => Value::Number(number),
            Err(_) => {
                let what =
                    format!("{text} is a number in YAML and not in JSON: put it in quotes, or write it as JSON does");
                return Err(bad(span, what));
            }
        },
        _ => Value::String(text.into_owned()),
    })
}

/// Whether YAML 1.2 takes a text for a number.
fn looks_numeric(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let is_of = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    if let Some(digits) = unsigned.strip_prefix("0x") {
        return is_of(digits, 16);
    }
    if let Some(digits) = unsigned.strip_prefix("0o") {
        return is_of(digits, 8);
    }
    let is_one_sign = text.len() <= unsigned.len() + 1;
    let has_digit = unsigned.starts_with(|first: char| first.is_ascii_digit())
        || unsigned
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    // What the standard's expression allows: digits, a point, an exponent.
    is_one_sign && has_digit && unsigned.parse::<f64>().is_ok()
}

fn offset(span: &Span) -> Range<usize> {
    let byte = |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or_default();
    byte(&span.start)..byte(&span.end)
}

fn bad(span: &Span, what: impl Into<String>) -> BadDocument {
    BadDocument {
        line: span.start.line(),
        what: what.into(),
    }
}

fn scan(error: &ScanError) -> BadDocument {
    BadDocument {
        line: error.marker().line(),
        what: error.info(),
    }
}
