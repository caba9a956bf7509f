//! Finds where two JSON texts differ by value. Texts of equal values may differ in form: in white space, in the order of
//! members, in how a number is written. Knows no event.

use serde_json::{Map, Value};
use tidegate_text::{number, pointer};

/// The largest texts that are parsed, in bytes: parsed, they take many times their size.
const COMPARED: usize = 1 << 20;
/// Places that are reported of one pair of texts.
const PLACES: usize = 16;

/// How two texts differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Not at all.
    None,
    /// In form only.
    Form,
    /// By value.
    Value {
        /// The first places.
        places: Vec<Place>,
        /// Whether there are more.
        more: bool,
    },
    /// They are too large to be parsed.
    TooLarge,
    /// One of them is nested too deeply to be parsed.
    TooDeep,
}

/// A place where two texts differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// JSON Pointer.
    pub(super) pointer: String,
    /// The pointer with `*` for every array index.
    pub(super) pattern: String,
    pub(super) how: How,
    /// The values there, in the one text and in the other.
    pub(super) values: (Option<Value>, Option<Value>),
}

/// How two texts differ in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Changed,
    /// Only the second text has a value there.
    Gained,
    /// Only the first text has a value there.
    Lost,
}

/// Compares two JSON texts.
pub(super) fn compare(one: &[u8], other: &[u8]) -> Difference {
    if one == other {
        return Difference::None;
    }
    if one.len().max(other.len()) > COMPARED {
        return Difference::TooLarge;
    }
    let (Ok(one), Ok(other)) = (serde_json::from_slice(one), serde_json::from_slice(other)) else {
        return Difference::TooDeep;
    };
    let mut walk = Walk::default();
    walk.values(&one, &other);
    if walk.places.is_empty() {
        return Difference::Form;
    }
    Difference::Value {
        places: walk.places,
        more: walk.more,
    }
}

#[derive(Default)]
struct Walk {
    pointer: String,
    pattern: String,
    places: Vec<Place>,
    more: bool,
}

impl Walk {
    fn values(&mut self, one: &Value, other: &Value) {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => self.objects(one, other),
            (Value::Array(one), Value::Array(other)) => {
                for at in 0..one.len().max(other.len()) {
                    self.step(&at.to_string(), "*", one.get(at), other.get(at));
                }
            }
            (Value::Number(one), Value::Number(other))
                if number::Value::of(one.as_str()) == number::Value::of(other.as_str()) => {}
            (one, other) if one == other => {}
            (one, other) => self.found(How::Changed, Some(one), Some(other)),
        }
    }

    fn objects(&mut self, one: &Map<String, Value>, other: &Map<String, Value>) {
        for (name, value) in one {
            self.step(name, name, Some(value), other.get(name));
        }
        for (name, value) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
            self.step(name, name, None, Some(value));
        }
    }

    fn step(&mut self, name: &str, name_in_pattern: &str, one: Option<&Value>, other: Option<&Value>) {
        let lengths = (self.pointer.len(), self.pattern.len());
        pointer::push(&mut self.pointer, name);
        pointer::push(&mut self.pattern, name_in_pattern);
        match (one, other) {
            (Some(one), Some(other)) => self.values(one, other),
            (None, other) => self.found(How::Gained, None, other),
            (one, None) => self.found(How::Lost, one, None),
        }
        self.pointer.truncate(lengths.0);
        self.pattern.truncate(lengths.1);
    }

    fn found(&mut self, how: How, one: Option<&Value>, other: Option<&Value>) {
        if self.places.len() == PLACES {
            self.more = true;
            return;
        }
        self.places.push(Place {
            pointer: self.pointer.clone(),
            pattern: self.pattern.clone(),
            how,
            values: (one.cloned(), other.cloned()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Difference, How, compare};

    fn places(one: &str, other: &str) -> Vec<(String, String, How)> {
        match compare(one.as_bytes(), other.as_bytes()) {
            Difference::Value { places, .. } => places
                .into_iter()
                .map(|place| (place.pointer, place.pattern, place.how))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn equal_values_differ_in_form() {
        for (one, other) in [
            ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"),
            ("{\"a\":1}", " { \"a\" : 1 } "),
            ("1.10", "11e-1"),
            ("[1e400,-0,0.50]", "[10E399, 0, 5e-1]"),
            ("\"\\u0061\"", "\"a\""),
        ] {
            assert_eq!(
                compare(one.as_bytes(), other.as_bytes()),
                Difference::Form,
                "{one} {other}"
            );
        }
        assert_eq!(compare(b"{}", b"{}"), Difference::None);
    }

    #[test]
    fn other_digits_are_another_value() {
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("1e99999999999999999999", "1e99999999999999999998"),
            ("1", "-1"),
            ("1", "\"1\""),
            ("null", "false"),
        ] {
            assert_eq!(places(one, other), [(String::new(), String::new(), How::Changed)]);
        }
    }

    #[test]
    fn every_place_has_its_pointer() {
        let one = r#"{"a":{"b/c":1,"gone":2},"list":[1,{"x":1}]}"#;
        let other = r#"{"a":{"b/c":2,"~new":3},"list":[1,{"x":2},3]}"#;
        let expected = [
            ("/a/b~1c", "/a/b~1c", How::Changed),
            ("/a/gone", "/a/gone", How::Lost),
            ("/a/~0new", "/a/~0new", How::Gained),
            ("/list/1/x", "/list/*/x", How::Changed),
            ("/list/2", "/list/*", How::Gained),
        ];
        let expected = expected.map(|(pointer, pattern, how)| (pointer.to_owned(), pattern.to_owned(), how));
        assert_eq!(places(one, other), expected);
    }

    #[test]
    fn the_comparison_is_bounded() {
        let many = |value: usize| format!("{:?}", vec![value; 1000]);
        let Difference::Value { places, more } = compare(many(1).as_bytes(), many(2).as_bytes()) else {
            panic!("they differ by value")
        };
        assert_eq!((places.len(), more), (super::PLACES, true));
        let large = |letter: &str| format!("\"{}\"", letter.repeat(super::COMPARED));
        assert_eq!(
            compare(large("a").as_bytes(), large("b").as_bytes()),
            Difference::TooLarge
        );
        let deep = |end: &str| format!("{}{end}{}", "[".repeat(500), "]".repeat(500));
        assert_eq!(compare(deep("1").as_bytes(), deep("2").as_bytes()), Difference::TooDeep);
    }
}
