//! The fuzz target without a fuzzer: the committed corpus, and a fixed number of mutations of it, the same every time.

#[path = "support/mutations.rs"]
mod mutations;
mod support;

use std::fs;
use std::path::Path;

use mutations::{Random, mutate};
use support::check;

const MUTATIONS: usize = 20_000;

#[test]
fn the_corpus_and_its_mutations_keep_every_promise() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "the corpus is there");
    for bytes in &corpus {
        check(bytes);
    }
    let mut random = Random::new(0x2545_f491_4f6c_dd1d);
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
