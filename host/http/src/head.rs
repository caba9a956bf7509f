//! Bounds what a record can put into the head of a request. The sidecar makes headers of the key of a record and of its headers, and a
//! producer chooses both: a thousand of them, or one of a megabyte. A request that is refused for that comes again for ever, and its
//! partition is blocked. So headers beyond a bound are left out while the head arrives, before the HTTP server counts or keeps them, and
//! one header says how many.
//!
//! Only headers that come from records are ever left out. None of them decides where a request ends.

use axum::http::HeaderMap;

use crate::limits::Limits;

/// The header that says how many attributes were left out.
const LEFT_OUT: &str = "tidegate-left-out";

/// How the headers begin that come from a record: attributes of a CloudEvent, and its key.
const ATTRIBUTE: &[u8] = b"ce_";
const KEY: &[u8] = b"__key:";

/// Headers that the sidecar adds itself, about twenty.
const OTHERS: usize = 40;

/// How many attributes of a delivery were left out of its headers.
pub fn left_out(headers: &HeaderMap) -> u32 {
    let value = headers.get(LEFT_OUT).and_then(|value| value.to_str().ok());
    value.map_or(0, |count| count.parse().unwrap_or(u32::MAX))
}

/// The head of a request while it arrives.
#[derive(Debug)]
pub(super) struct Head {
    bounds: Bounds,
    line: Line,
    /// The line that has begun, as far as it is not passed on yet.
    kept: Vec<u8>,
    lines: usize,
    bytes: usize,
    left_out: u32,
}

/// What of the head may come from a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    lines: usize,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// It is not known yet what it is.
    Begun,
    /// It is passed on.
    Passed,
    /// It comes from a record: it is passed on when it is complete and within the bounds.
    Kept,
    /// It is left out.
    LeftOut,
    /// The head is complete.
    Ended,
}

impl Bounds {
    /// Half of the bytes of a head, and all headers but those that the sidecar adds itself.
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            lines: limits.header_count.saturating_sub(OTHERS),
            bytes: limits.header_bytes / 2,
        }
    }
}

impl Head {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            line: Line::Begun,
            kept: Vec::new(),
            lines: 0,
            bytes: 0,
            left_out: 0,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.line == Line::Ended
    }

    /// Passes on what has arrived: of the head what is within the bounds, and what follows it as it is.
    pub(super) fn pass(&mut self, mut arrived: &[u8], passed: &mut Vec<u8>) {
        while !arrived.is_empty() {
            if self.line == Line::Ended {
                passed.extend_from_slice(arrived);
                return;
            }
            let end = arrived.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let (part, rest) = arrived.split_at(match self.line {
                Line::Begun => 1,
                _ => end.unwrap_or(arrived.len()),
            });
            self.take(part, passed);
            if part.ends_with(b"\n") {
                self.end_line(passed);
            }
            arrived = rest;
        }
    }

    /// Takes a part of the line; of one that has just begun, a single byte.
    fn take(&mut self, part: &[u8], passed: &mut Vec<u8>) {
        match self.line {
            Line::Passed => passed.extend_from_slice(part),
            Line::Begun | Line::Kept => self.kept.extend_from_slice(part),
            Line::LeftOut | Line::Ended => {}
        }
        if self.line == Line::Begun {
            let begins = |name: &[u8]| {
                let length = name.len().min(self.kept.len());
                self.kept[..length].eq_ignore_ascii_case(&name[..length])
            };
            let is_known = |name: &[u8]| self.kept.len() >= name.len() && begins(name);
            if is_known(ATTRIBUTE) || is_known(KEY) {
                self.line = Line::Kept;
            } else if !begins(ATTRIBUTE) && !begins(KEY) && !matches!(*self.kept, [b'\r' | b'\n'] | [b'\r', b'\n']) {
                self.line = Line::Passed;
                passed.append(&mut self.kept);
            }
        }
        let is_over = self.lines >= self.bounds.lines || self.bytes + self.kept.len() > self.bounds.bytes;
        if self.line == Line::Kept && is_over {
            self.line = Line::LeftOut;
            self.left_out += u32::from(self.kept[..ATTRIBUTE.len()].eq_ignore_ascii_case(ATTRIBUTE));
            self.kept = Vec::new();
        }
    }

    fn end_line(&mut self, passed: &mut Vec<u8>) {
        if self.line == Line::Begun && matches!(*self.kept, [b'\n'] | [b'\r', b'\n']) {
            if self.left_out > 0 {
                passed.extend_from_slice(format!("{LEFT_OUT}: {}\r\n", self.left_out).as_bytes());
            }
            passed.append(&mut self.kept);
            self.line = Line::Ended;
            return;
        }
        if self.line == Line::Kept {
            self.lines += 1;
            self.bytes += self.kept.len();
        }
        passed.append(&mut self.kept);
        self.line = Line::Begun;
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Head};

    const BOUNDS: Bounds = Bounds { lines: 3, bytes: 60 };

    /// What is passed on when the text arrives in parts of this many bytes.
    fn passed(text: &str, parts: usize) -> String {
        let mut head = Head::new(BOUNDS);
        let mut passed = Vec::new();
        for part in text.as_bytes().chunks(parts) {
            head.pass(part, &mut passed);
        }
        assert!(head.has_ended(), "{text:?}");
        String::from_utf8(passed).expect("text")
    }

    #[test]
    fn what_is_within_the_bounds_is_passed_on_as_it_is_and_so_is_what_follows() {
        for text in [
            "POST / HTTP/1.1\r\nhost: a\r\n\r\nbody\r\n\r\nce_a: 1\r\nce_b: 2\r\nce_c: 3\r\nce_d: 4\r\n",
            "POST / HTTP/1.1\r\nCe_id: 1\r\n__key: k\r\ncookie: c\r\nc: d\r\n__topic: t\r\n\r\n",
            "GET / HTTP/1.1\nce_a: 1\nce\n__ke\n\n",
            "\r\nce_a: 1\r\nce_b: 2\r\nce_c: 3\r\nce_d: 4\r\n",
        ] {
            for parts in [1, 2, 3, 7, 1000] {
                assert_eq!(passed(text, parts), text, "in parts of {parts}");
            }
        }
    }

    #[test]
    fn what_is_beyond_the_bounds_is_left_out_and_counted() {
        let long = "x".repeat(100);
        let head = |lines: &str| format!("POST / HTTP/1.1\r\n{lines}content-length: 1\r\n\r\nx");
        for (lines, expected) in [
            (
                "CE_A: 1\r\nce_b: 2\r\nce_c: 3\r\nCe_d: 4\r\nce_e: 5\r\nx: 1\r\n".to_owned(),
                ("CE_A: 1\r\nce_b: 2\r\nce_c: 3\r\nx: 1\r\n", 2),
            ),
            (
                format!("ce_a: 1\r\nce_b: {long}\r\nce_c: 3\r\n"),
                ("ce_a: 1\r\nce_c: 3\r\n", 1),
            ),
            (format!("ce_{long}{long}"), ("", 1)),
            (format!("__Key: {long}\r\nce_a: 1\r\n"), ("ce_a: 1\r\n", 0)),
            (format!("cookie: {long}\r\n"), (&*format!("cookie: {long}\r\n"), 0)),
        ] {
            let lines = if lines.ends_with('\n') { lines } else { lines + "\r\n" };
            let (kept, left_out) = expected;
            let said = format!("content-length: 1\r\ntidegate-left-out: {left_out}\r\n\r\n");
            let expected = match left_out {
                0 => head(kept),
                _ => head(kept).replace("content-length: 1\r\n\r\n", &said),
            };
            for parts in [1, 2, 3, 7, 1000] {
                assert_eq!(passed(&head(&lines), parts), expected, "in parts of {parts}");
            }
        }
    }
}
