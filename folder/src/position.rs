//! Where something stands in a file of YAML or JSON, which is YAML: the line and column of what a key or an index leads to. Knows
//! nothing of what is in the file.

use std::fmt;

use granit_parser::{Event, Options, Parser, Span};

/// A position in a file, both numbers from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// The text is not YAML.
struct NotYaml;

/// A value that begins with an event, and where it or its key stands.
type Found<'t> = (Position, (Event<'t>, Span));

/// The position of what these keys and indices lead to, or of the last of them that there is; `None`: the text is not YAML.
pub fn position<S: AsRef<str>>(text: &str, path: &[S]) -> Option<Position> {
    walk(text, path).ok()
}

fn walk<S: AsRef<str>>(text: &str, path: &[S]) -> Result<Position, NotYaml> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut events = Parser::new_from_str_with_options(text, options);
    let mut next = || events.next_event().and_then(Result::ok).ok_or(NotYaml);
    // To the first value.
    let mut here = loop {
        match next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            first => break first,
        }
    };
    let mut found = of(&here.1);
    for step in path {
        let inside = match &here.0 {
            Event::MappingStart(..) => member(step.as_ref(), &mut next)?,
            Event::SequenceStart(..) => item(step.as_ref(), &mut next)?,
            _ => None,
        };
        let Some((start, inner)) = inside else { break };
        found = start;
        here = inner;
    }
    Ok(found)
}

/// The value of a key; the position is that of the key.
fn member<'t>(
    key: &str,
    next: &mut impl FnMut() -> Result<(Event<'t>, Span), NotYaml>,
) -> Result<Option<Found<'t>>, NotYaml> {
    loop {
        let (name, span) = next()?;
        match &name {
            Event::MappingEnd => return Ok(None),
            Event::Scalar(text, ..) if text == key => return Ok(Some((of(&span), next()?))),
            _ => skip(&name, next)?,
        }
        let value = next()?;
        skip(&value.0, next)?;
    }
}

/// The item at an index.
fn item<'t>(
    index: &str,
    next: &mut impl FnMut() -> Result<(Event<'t>, Span), NotYaml>,
) -> Result<Option<Found<'t>>, NotYaml> {
    let Ok(mut left) = index.parse::<usize>() else {
        return Ok(None);
    };
    loop {
        let here = next()?;
        match &here.0 {
            Event::SequenceEnd => return Ok(None),
            _ if left == 0 => return Ok(Some((of(&here.1), here))),
            _ => skip(&here.0, next)?,
        }
        left -= 1;
    }
}

/// The rest of a value that begins with this event.
fn skip<'t>(first: &Event<'_>, next: &mut impl FnMut() -> Result<(Event<'t>, Span), NotYaml>) -> Result<(), NotYaml> {
    let mut depth = change(first);
    while depth > 0 {
        depth += change(&next()?.0);
    }
    Ok(())
}

const fn change(event: &Event<'_>) -> i32 {
    match event {
        Event::MappingStart(..) | Event::SequenceStart(..) => 1,
        Event::MappingEnd | Event::SequenceEnd => -1,
        _ => 0,
    }
}

fn of(span: &Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::position;

    const TEXT: &str = "# a policy\nname: shop\nevent_types:\n  order.placed: # one\n    versions: { 1: a.json, 1.10: b.json }\n    \
                        migrations:\n      - from: 1\n        do:\n          - rename: { from: /a, to: /b }\n          \
                        - each:\n              do: [{ add: {} }]\n";

    fn shown(position: super::Position) -> String {
        format!("{}:{}", position.line, position.column)
    }

    #[test]
    fn a_place_is_found() {
        for (path, expected) in [
            ("", "2:1"),
            ("event_types", "3:1"),
            ("event_types order.placed versions 1.10", "5:28"),
            ("event_types order.placed migrations 0", "7:9"),
            ("event_types order.placed migrations 0 do 0", "9:13"),
            ("event_types order.placed migrations 0 do 1 each do 0 add", "11:22"),
            ("event_types order.lost", "3:1"),
            ("event_types order.placed migrations 7", "6:5"),
        ] {
            let path: Vec<&str> = path.split_whitespace().collect();
            assert_eq!(
                position(TEXT, &path).map(shown).expect("a position"),
                expected,
                "{path:?}"
            );
        }
        assert_eq!(
            position("{\n \"a\": [1,\n 2] }", &["a", "1"]).map(shown).as_deref(),
            Some("3:2")
        );
        assert_eq!(position("a: [", &["b"]), None);
    }
}
