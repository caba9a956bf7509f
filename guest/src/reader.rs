//! A strict JSON reader (RFC 8259) into `serde_json` values. Knows nothing of events.
//!
//! Why not the reader of `serde_json`: with `arbitrary_precision` it rewrites exponents (`1E5` becomes `1e+5`), mistakes an
//! object with a member named like its private number token for a number, silently keeps the last of two equal names, and
//! recurses as deeply as the text is nested. Tests compare both readers: they accept the same texts and read the same values.
//!
//! Below the depth limit the text is still checked, without recursion and without building values. So "not JSON" and "too
//! deep" can be distinguished, and a million brackets cost a million bytes. The same happens after the most values: without them,
//! a megabyte of `{"":0}` would take a hundred megabytes of memory.

use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::contract::Violation;
use crate::violation::{MAX_VIOLATIONS, code, quoted, under};

/// How many values a document may have, containers and their contents.
pub(crate) const MAX_VALUES: usize = 65_536;

/// Where a text stops being JSON, and why.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    /// Offset in bytes, on a character boundary.
    pub(crate) at: usize,
    /// The problem.
    pub(crate) problem: &'static str,
}

/// Reads one document.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    max_depth: usize,
    most_values: usize,
    values: usize,
    is_too_deep: bool,
    /// Too deep values and duplicate members, with paths relative to the container being read.
    found: Vec<Violation>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, max_depth: usize, most_values: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            max_depth,
            most_values,
            values: 0,
            is_too_deep: false,
            found: Vec::new(),
        }
    }

    /// Reads the whole text as one value.
    pub(crate) fn document(&mut self) -> Result<Value, SyntaxError> {
        let value = self.value(0)?;
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.error("more text after the value"));
        }
        Ok(value)
    }

    /// Whether there were more than allowed. Then the value must not be used.
    pub(crate) fn has_too_many_values(&self) -> bool {
        self.values > self.most_values
    }

    /// The violations found while reading. When there are any, the value must not be used.
    pub(crate) fn into_found(self) -> Vec<Violation> {
        self.found
    }

    fn value(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.skip_space();
        self.values += 1;
        if self.has_too_many_values() {
            self.check_value()?;
            return Ok(Value::Null);
        }
        match self.peek() {
            Some(b'{' | b'[') if depth == self.max_depth => {
                if !self.is_too_deep {
                    let message = format!("nested deeper than {}", self.max_depth);
                    self.found.push(Violation::new(code::TOO_DEEP, "", message));
                }
                self.is_too_deep = true;
                self.check_value()?;
                Ok(Value::Null)
            }
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => {
                let digits = self.number()?.to_owned();
                Ok(Value::Number(Number::from_string_unchecked(digits)))
            }
            _ => self.literal(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(Map::new()));
        }
        let mut members = if depth == 1 { Map::with_capacity(8) } else { Map::new() };
        loop {
            let name = self.member_name()?;
            let found = self.found.len();
            let value = self.value(depth)?;
            for inner in &mut self.found[found..] {
                inner.path = under(&name, &inner.path);
            }
            if !self.has_too_many_values() {
                self.insert(&mut members, name, value);
            }
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            self.expect(b',', "expected , or } after a member")?;
        }
    }

    /// Adds a member, or notes a violation when it exists already.
    fn insert(&mut self, members: &mut Map<String, Value>, name: String, value: Value) {
        match members.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => {
                if self.found.len() < MAX_VIOLATIONS {
                    let name = entry.key();
                    let message = format!("the object has more than one member {}", quoted(name));
                    let path = under(name, "");
                    self.found.push(Violation::new(code::DUPLICATE_MEMBER, path, message));
                }
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            let found = self.found.len();
            let value = self.value(depth)?;
            for inner in &mut self.found[found..] {
                inner.path = under(&items.len().to_string(), &inner.path);
            }
            if !self.has_too_many_values() {
                items.push(value);
            }
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            self.expect(b',', "expected , or ] after an item")?;
        }
    }

    /// Checks one value without building it and without recursion.
    fn check_value(&mut self) -> Result<(), SyntaxError> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    let close = bracket + 2;
                    self.at += 1;
                    self.skip_space();
                    if !self.take(close) {
                        open.push(close);
                        if close == b'}' {
                            self.check_member_name()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    self.raw_string()?;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                }
                _ => {
                    self.literal()?;
                }
            }
            loop {
                let Some(&close) = open.last() else {
                    return Ok(());
                };
                self.skip_space();
                if self.take(close) {
                    open.pop();
                    continue;
                }
                self.expect(b',', "expected , or the end of the object or array")?;
                if close == b'}' {
                    self.check_member_name()?;
                }
                break;
            }
        }
    }

    fn member_name(&mut self) -> Result<String, SyntaxError> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a member name in double quotes"));
        }
        let name = self.string()?;
        self.skip_space();
        self.expect(b':', "expected : after a member name")?;
        Ok(name)
    }

    fn check_member_name(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a member name in double quotes"));
        }
        self.raw_string()?;
        self.skip_space();
        self.expect(b':', "expected : after a member name")
    }

    fn literal(&mut self) -> Result<Value, SyntaxError> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        if self.at == self.bytes.len() {
            return Err(self.error("the text ends where a value should be"));
        }
        Err(self.error("expected a value"))
    }

    /// Reads a number and returns its text.
    fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        self.take(b'-');
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits("expected a digit")?,
            _ => return Err(self.error("expected a digit after -")),
        }
        if matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("a number must not begin with 0"));
        }
        if self.take(b'.') {
            self.digits("expected a digit after the decimal point")?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits("expected a digit in the exponent")?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self, problem: &'static str) -> Result<(), SyntaxError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(self.error(problem))
        } else {
            Ok(())
        }
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let (raw, has_escapes) = self.raw_string()?;
        if has_escapes {
            Ok(crate::escape::decode(raw))
        } else {
            Ok(raw.to_owned())
        }
    }

    /// Reads a string. Returns the text between the quotes, with all escapes checked, and whether there are any.
    fn raw_string(&mut self) -> Result<(&'a str, bool), SyntaxError> {
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok((raw, has_escapes));
                }
                Some(b'\\') => {
                    has_escapes = true;
                    match crate::escape::length(&self.bytes[self.at..]) {
                        Ok(length) => self.at += length,
                        Err(problem) => return Err(self.error(problem)),
                    }
                }
                Some(0x00..=0x1f) => {
                    return Err(self.error("a control character in a string must be escaped"));
                }
                Some(_) => self.at += 1,
                None => return Err(self.error("the text ends inside a string")),
            }
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, byte: u8, problem: &'static str) -> Result<(), SyntaxError> {
        if self.take(byte) {
            Ok(())
        } else if self.at == self.bytes.len() {
            Err(self.error("the text ends too early"))
        } else {
            Err(self.error(problem))
        }
    }

    fn error(&self, problem: &'static str) -> SyntaxError {
        SyntaxError { at: self.at, problem }
    }
}
