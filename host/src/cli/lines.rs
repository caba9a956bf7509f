//! Lines of any bytes, read in constant memory.

use std::io::{self, BufRead};

/// Bytes kept of one line. The policy's own limit is lower, so that a longer line is still rejected as too large.
pub(super) const KEPT: usize = 8 << 20;

/// Reads the next line without its line break; `None` at the end. Of a line longer than the bound, the rest is skipped.
pub(super) fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(any.then_some(line));
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        line.extend_from_slice(&part[..part.len().min(KEPT.saturating_sub(line.len()))]);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::next_line;

    fn lines(input: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = BufReader::with_capacity(3, input);
        std::iter::from_fn(|| next_line(&mut reader).expect("reads")).collect()
    }

    #[test]
    fn lines_of_any_bytes_come_out_whole() {
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines(b"one"), [b"one"]);
        assert_eq!(lines(b"one\n"), [b"one"]);
        assert_eq!(lines(b"\none\r\n\xff\xfe\n\n"), [&b""[..], b"one", b"\xff\xfe", b""]);
    }

    #[test]
    fn the_rest_of_an_endless_line_is_skipped() {
        let mut input = vec![b'x'; super::KEPT + 100];
        input.extend_from_slice(b"\nnext\n");
        let lines = lines(&input);
        assert_eq!((lines[0].len(), lines[1].as_slice()), (super::KEPT, &b"next"[..]));
    }
}
