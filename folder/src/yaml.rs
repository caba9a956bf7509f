//! A YAML or JSON document whose values know where they stand, so that a message can name a line and an edit can replace one value.
//! Numbers keep their digits, members their order. Knows no policy.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use serde_json::{Map, Value};

use crate::scalar;

/// Values that a document may have, those that aliases repeat counted again.
const MOST_VALUES: usize = 1_000_000;

/// How deep a value may stand: deeper than that of any event, with what is around it in a case.
const MOST_DEPTH: usize = 300;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its bytes in the text; of a block, without what follows its last value.
    pub span: Range<usize>,
    /// The column of its first character, from 0.
    pub column: usize,
    /// Whether it is written in braces, brackets or quotes, and not in lines of its own.
    pub is_flow: bool,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text, a number, true, false or null.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A map, in its order.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The bytes of the name.
    pub span: Range<usize>,
    /// The column of the name, from 0.
    pub column: usize,
    /// Its value.
    pub value: Node,
}

/// A document and its comments.
#[derive(Debug)]
pub struct Document {
    /// `None`: there is no value.
    pub root: Option<Node>,
    /// The bytes of each comment, without the line break.
    pub comments: Vec<Range<usize>>,
}

/// Why a text is no document.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadDocument {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Reads a document.
pub fn read(text: &str) -> Result<Document, BadDocument> {
    let mut reader = Reader {
        text,
        events: Parser::new_from_str(text),
        comments: Vec::new(),
        anchors: HashMap::new(),
        left: MOST_VALUES,
        depth: 0,
    };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (_, span) if root.is_some() => return Err(bad(&span, "a second document begins: write one a file")),
            (event, span) => root = Some(reader.node(event, span)?),
        }
    }
    let is_empty = |node: &Node| matches!(node.kind, Kind::Scalar(Value::Null)) && node.span.is_empty();
    Ok(Document {
        root: root.filter(|root| !is_empty(root)),
        comments: reader.comments,
    })
}

impl Node {
    /// The value alone.
    pub fn value(&self) -> Value {
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
    pub fn member(&self, name: &str) -> Option<&Member> {
        let Kind::Map(members) = &self.kind else { return None };
        members.iter().find(|member| member.name == name)
    }

    /// Whether it has this value, its members in this order.
    pub fn is(&self, value: &Value) -> bool {
        is_same_text(&self.value(), value)
    }

    /// The value that these names lead to, or the last one on the way that there is.
    pub fn nearest<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> &Self {
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
    pub fn child(&self, name: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Scalar(_) => None,
            Kind::List(items) => items.get(name.parse::<usize>().ok()?),
            Kind::Map(_) => self.member(name).map(|member| &member.value),
        }
    }
}

/// Whether two values are the same text: members in the same order, numbers with the same digits.
pub fn is_same_text(one: &Value, other: &Value) -> bool {
    let [one, other] = [one, other].map(Value::to_string);
    one == other
}

struct Reader<'a> {
    text: &'a str,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    comments: Vec<Range<usize>>,
    anchors: HashMap<usize, Node>,
    left: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), BadDocument> {
        loop {
            match self.events.next() {
                Some(Ok((Event::Comment(..), span))) => self.comments.push(offset(&span)),
                Some(Ok(found)) => return Ok(found),
                Some(Err(error)) => return Err(scan(&error)),
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, BadDocument> {
        self.count(1, &span)?;
        if self.depth > MOST_DEPTH {
            return Err(too_deep(&span));
        }
        self.depth += 1;
        let node = self.value(event, span);
        self.depth -= 1;
        node
    }

    fn value(&mut self, event: Event<'a>, span: Span) -> Result<Node, BadDocument> {
        let (kind, end, is_flow, anchor) = match event {
            Event::Scalar(text, style, anchor, None) => {
                let is_plain = style == ScalarStyle::Plain;
                let value = if is_plain {
                    scalar::plain(&text).map_err(|what| bad(&span, what))?
                } else {
                    Value::String(text.into_owned())
                };
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                (Kind::Scalar(value), offset(&span).end, !is_block, anchor)
            }
            Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_))
            | Event::Scalar(_, _, _, Some(_)) => {
                return Err(bad(&span, "tags such as !this have no meaning here"));
            }
            Event::SequenceStart(style, anchor, None) => {
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
            Event::MappingStart(style, anchor, None) => {
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
                if self.depth + depth(node) > MOST_DEPTH {
                    return Err(too_deep(&span));
                }
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
            self.count(size(&node), &span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn members(&mut self) -> Result<(Vec<Member>, Span), BadDocument> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = HashSet::new();
        loop {
            let (name, span) = match self.next()? {
                (Event::MappingEnd, span) => return Ok((members, span)),
                (Event::Scalar(name, ScalarStyle::Plain, ..), span) if name == "<<" => {
                    return Err(bad(&span, "`<<` merges nothing in YAML 1.2: write the members out"));
                }
                (Event::Scalar(name, ..), span) => (name.into_owned(), span),
                (_, span) => return Err(bad(&span, "the name of a member is a text or a number")),
            };
            if !names.insert(name.clone()) {
                return Err(bad(&span, format!("{name} is there twice")));
            }
            let (event, at) = self.next()?;
            let mut value = self.node(event, at)?;
            let (column, span) = (span.start.col(), offset(&span));
            if value.span.is_empty() {
                // Nothing stands behind the colon, and the parser is further on.
                let rest = &self.text[span.end..];
                let spaces = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
                let colon = if rest[spaces..].starts_with(':') { spaces + 1 } else { 0 };
                value.span = span.end + colon..span.end + colon;
            }
            members.push(Member {
                name,
                span,
                column,
                value,
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

/// How many lists and maps are inside each other.
fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar(_) => 0,
        Kind::List(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Kind::Map(members) => {
            1 + members
                .iter()
                .map(|member| depth(&member.value))
                .max()
                .unwrap_or_default()
        }
    }
}

fn too_deep(span: &Span) -> BadDocument {
    bad(
        span,
        format!("nested deeper than {MOST_DEPTH}, with what aliases repeat"),
    )
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

#[cfg(test)]
mod tests;
