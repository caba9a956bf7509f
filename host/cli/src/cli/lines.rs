//! Reads lines of any bytes in constant memory: lines have a limit, and batches of lines have one.

use std::io::{self, BufRead};

/// Bytes that are read of one line. The limit of the policy is lower, so a longer line is still rejected as too large.
pub(super) const LINE_BYTES: usize = 8 << 20;

/// Bytes after which a batch gets no further line.
const BATCH_BYTES: usize = 4 << 20;

/// Batches of up to `most` lines, fewer when they are long. An error of the input follows the lines before it.
pub(super) struct Batches<R> {
    input: R,
    most: usize,
    failed: Option<io::Error>,
}

impl<R: BufRead> Batches<R> {
    pub(super) fn new(input: R, most: usize) -> Self {
        Self {
            input,
            most,
            failed: None,
        }
    }
}

impl<R: BufRead> Iterator for Batches<R> {
    type Item = io::Result<Vec<Vec<u8>>>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        let mut lines = Vec::new();
        let mut bytes = 0;
        while lines.len() < self.most && bytes < BATCH_BYTES {
            match next_line(&mut self.input, LINE_BYTES) {
                Ok(Some(line)) => {
                    bytes += line.len();
                    lines.push(line);
                }
                Ok(None) => break,
                Err(error) if lines.is_empty() => return Some(Err(error)),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        (!lines.is_empty()).then_some(Ok(lines))
    }
}

/// Reads the next line without its line break; `None` at the end. Skips what exceeds `kept` bytes of a line.
pub(super) fn next_line(input: &mut impl BufRead, kept: usize) -> io::Result<Option<Vec<u8>>> {
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
        line.extend_from_slice(&part[..part.len().min(kept.saturating_sub(line.len()))]);
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
    use std::io::{self, BufReader, Read};

    use super::{BATCH_BYTES, Batches, LINE_BYTES, next_line};

    fn lines(input: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = BufReader::with_capacity(3, input);
        std::iter::from_fn(|| next_line(&mut reader, LINE_BYTES).expect("reads")).collect()
    }

    #[test]
    fn lines_of_any_bytes_are_read_whole() {
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines(b"one"), [b"one"]);
        assert_eq!(lines(b"one\n"), [b"one"]);
        assert_eq!(lines(b"\none\r\n\xff\xfe\n\n"), [&b""[..], b"one", b"\xff\xfe", b""]);
    }

    #[test]
    fn the_rest_of_an_endless_line_is_skipped() {
        let mut input = vec![b'x'; LINE_BYTES + 100];
        input.extend_from_slice(b"\nnext\n");
        let lines = lines(&input);
        assert_eq!((lines[0].len(), lines[1].as_slice()), (LINE_BYTES, &b"next"[..]));
    }

    #[test]
    fn a_batch_has_a_limit_of_lines_and_of_bytes() {
        let sizes = |input: &[u8]| -> Vec<usize> {
            let batches = Batches::new(input, 3);
            batches.map(|batch| batch.expect("reads").len()).collect()
        };
        assert_eq!(sizes(b"1\n2\n3\n4\n"), [3, 1]);
        assert_eq!(sizes(b""), [0; 0]);
        let mut long = vec![b'x'; BATCH_BYTES];
        long.extend_from_slice(b"\n2\n3\n4\n");
        assert_eq!(sizes(&long), [1, 3]);
    }

    #[test]
    fn an_error_follows_the_lines_before_it() {
        struct Broken<'a>(&'a [u8]);
        impl Read for Broken<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(io::Error::other("gone")),
                    some => Ok(some),
                }
            }
        }
        let mut batches = Batches::new(BufReader::new(Broken(b"1\n2\n")), 8);
        assert_eq!(batches.next().expect("a batch").expect("reads"), [b"1", b"2"]);
        assert!(batches.next().expect("an error").is_err());
    }
}
