//! The fuzz target without a fuzzer: the committed corpus, and a fixed number of mutations of it, the same every time.

mod support;

use std::fs;
use std::path::Path;

use support::check;

const MUTATIONS: usize = 20_000;

#[test]
fn the_corpus_and_its_mutations_keep_every_promise() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "the corpus is there");
    for bytes in &corpus {
        check(bytes);
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..MUTATIONS {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(3) {
            mutate(&mut bytes, &corpus, &mut random);
        }
        check(&bytes);
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/policy");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a corpus")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| fs::read(file).expect("a readable file"))
        .collect()
}

/// Changes a few bytes, or puts in what readers trip over, or a piece of another file.
fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    const TROUBLE: [&[u8]; 20] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\u0000",
        b"\\ud800",
        b"\\ud83c\\udf31",
        b"\xff",
        b"-",
        b"1e999999999",
        b"1e-400",
        b"0",
        b"null",
        b"\"\"",
        b"\n",
        b"\"user_id\":\"\",",
    ];
    let at = random.below(bytes.len() + 1);
    match random.below(5) {
        0 if at < bytes.len() => bytes[at] = random.byte(),
        1 if at < bytes.len() => {
            bytes.remove(at);
        }
        2 => bytes.truncate(at),
        3 => {
            let other = &corpus[random.below(corpus.len())];
            let from = random.below(other.len() + 1);
            let to = (from + random.below(40)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            bytes.splice(at..at, TROUBLE[random.below(TROUBLE.len())].iter().copied());
        }
    }
}

/// Xorshift: enough to spread mutations, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}
