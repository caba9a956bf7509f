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

/// The position of what these keys and indices lead to, or of the last of them that there is; `None`: the text is not YAML.
pub fn position<S: AsRef<str>>(text: &str, path: &[S]) -> Option<Position> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut events = Parser::new_from_str_with_options(text, options);
    let mut found = None;
    let mut path = path.iter().map(AsRef::as_ref);
    // To the first value.
    let mut next = || events.next_event()?.ok();
    let mut here = loop {
        match next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            first => break first,
        }
    };
    loop {
        found = found.or_else(|| Some(of(&here.1)));
        let Some(step) = path.next() else { return found };
        let inside = match &here.0 {
            Event::MappingStart(..) => member(step, &mut next)?,
            Event::SequenceStart(..) => item(step, &mut next)?,
            _ => return found,
        };
        let Some((start, inner)) = inside else { return found };
        found = Some(start);
        here = inner;
    }
}

/// The value of a key, and where the key stands.
fn member<'t>(
    key: &str,
    next: &mut impl FnMut() -> Option<(Event<'t>, Span)>,
) -> Option<Option<(Position, (Event<'t>, Span))>> {
    loop {
        let (name, span) = next()?;
        match &name {
            Event::MappingEnd => return Some(None),
            Event::Scalar(text, ..) if text == key => return Some(Some((of(&span), next()?))),
            _ => skip(&name, next)?,
        }
        let value = next()?;
        skip(&value.0, next)?;
    }
}

/// The item at an index, and where it stands.
fn item<'t>(
    index: &str,
    next: &mut impl FnMut() -> Option<(Event<'t>, Span)>,
) -> Option<Option<(Position, (Event<'t>, Span))>> {
    let Ok(mut left) = index.parse::<usize>() else {
        return Some(None);
    };
    loop {
        let here = next()?;
        match &here.0 {
            Event::SequenceEnd => return Some(None),
            _ if left == 0 => return Some(Some((of(&here.1), here))),
            _ => skip(&here.0, next)?,
        }
        left -= 1;
    }
}

/// The rest of a value that begins with this event.
fn skip<'t>(first: &Event<'_>, next: &mut impl FnMut() -> Option<(Event<'t>, Span)>) -> Option<()> {
    let mut depth = change(first);
    while depth > 0 {
        depth += change(&next()?.0);
    }
    Some(())
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
