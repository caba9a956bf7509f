//! Lines of any bytes, read in constant memory: a bound for each, and one for as many as are taken at a time.

use std::io::{self, BufRead};

/// Bytes kept of one line. The policy's own limit is lower, so that a longer line is still rejected as too large.
pub(super) const KEPT: usize = 8 << 20;

/// Bytes after which no further line is taken into a batch.
const BATCH: usize = 4 << 20;

/// Up to `most` lines that are taken at a time, fewer when they are long; none at the end. An error of the input comes
/// after the lines before it.
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
        while lines.len() < self.most && bytes < BATCH {
            match next_line(&mut self.input, KEPT) {
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

/// Reads the next line without its line break; `None` at the end. Of a line longer than `kept`, the rest is skipped.
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

    use super::{BATCH, Batches, KEPT, next_line};

    fn lines(input: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = BufReader::with_capacity(3, input);
        std::iter::from_fn(|| next_line(&mut reader, KEPT).expect("reads")).collect()
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
        let mut input = vec![b'x'; KEPT + 100];
        input.extend_from_slice(b"\nnext\n");
        let lines = lines(&input);
        assert_eq!((lines[0].len(), lines[1].as_slice()), (KEPT, &b"next"[..]));
    }

    #[test]
    fn a_batch_is_bounded_in_lines_and_in_bytes() {
        let sizes = |input: &[u8]| -> Vec<usize> {
            let batches = Batches::new(input, 3);
            batches.map(|batch| batch.expect("reads").len()).collect()
        };
        assert_eq!(sizes(b"1\n2\n3\n4\n"), [3, 1]);
        assert_eq!(sizes(b""), [0; 0]);
        let mut long = vec![b'x'; BATCH];
        long.extend_from_slice(b"\n2\n3\n4\n");
        assert_eq!(sizes(&long), [1, 3]);
    }

    #[test]
    fn an_error_comes_after_the_lines_before_it() {
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
