//! The compiled functions of foreign policies: one that is built anew compiles what changed, and takes the rest. They are in memory
//! during a load, and in one file of the cache between loads. Knows no policy.

use std::{
    borrow::Cow,
    collections::HashMap,
    io,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wasmtime::CacheStore;

use crate::cache::Cache;

/// The name of the file.
const NAME: &str = "functions";
/// The most bytes of the file: the functions of a few policies.
const MOST_BYTES: usize = 160 << 20;
/// The bytes of a length in the file.
const LENGTH: usize = 4;

/// Where the compiler asks for functions.
#[derive(Debug, Default)]
pub(crate) struct Functions {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Loads that are under way.
    loads: usize,
    /// What the file held.
    file: Vec<u8>,
    /// By what decides on the code of a function, as the compiler says it.
    functions: HashMap<Vec<u8>, Function>,
    /// Whether there is a function that the file does not hold.
    has_new: bool,
}

#[derive(Debug)]
struct Function {
    code: Code,
    /// How many are in the file before it; none, if it was used since.
    rank: usize,
}

#[derive(Debug)]
enum Code {
    InFile(Range<usize>),
    New(Vec<u8>),
}

/// Holds the functions until the end of a load.
#[derive(Debug)]
pub(crate) struct Holding<'c> {
    functions: Arc<Functions>,
    cache: &'c Cache,
    engine: &'c wasmtime::Engine,
}

impl Functions {
    /// Reads the file, unless another load did.
    pub(crate) fn hold<'c>(self: &Arc<Self>, cache: &'c Cache, engine: &'c wasmtime::Engine) -> Holding<'c> {
        let mut held = self.held();
        if held.loads == 0 {
            *held = Held::of(cache.read(engine, NAME).unwrap_or_default());
        }
        held.loads += 1;
        Holding {
            functions: self.clone(),
            cache,
            engine,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let mut held = self.held();
        let function = held.functions.get_mut(key)?;
        function.rank = 0;
        let function = held.functions.get(key)?;
        Some(Cow::Owned(held.code(function).to_owned()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut held = self.held();
        // Else nothing would take it out of memory again.
        if held.loads == 0 {
            return false;
        }
        let code = Code::New(code);
        held.functions.insert(key.to_owned(), Function { code, rank: 0 });
        held.has_new = true;
        true
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let mut held = self.functions.held();
        held.loads -= 1;
        if held.loads > 0 {
            return;
        }
        let held = std::mem::take(&mut *held);
        if held.has_new
            && let Err(error) = held.write(self.cache, self.engine)
        {
            tracing::warn!(%error, "the compiled functions could not be stored in the cache; the next policy is compiled as a whole");
        }
    }
}

impl Held {
    /// The functions in a file, each a key and its code, with the length of each in front.
    fn of(file: Vec<u8>) -> Self {
        let (mut functions, mut at) = (HashMap::new(), 0);
        while let Some(key) = part(&file, at)
            && let Some(code) = part(&file, key.end)
        {
            at = code.end;
            let (rank, code) = (functions.len(), Code::InFile(code));
            functions.insert(file[key].to_owned(), Function { code, rank });
        }
        Self {
            file,
            functions,
            ..Self::default()
        }
    }

    fn code<'h>(&'h self, function: &'h Function) -> &'h [u8] {
        match &function.code {
            Code::InFile(range) => &self.file[range.clone()],
            Code::New(code) => code,
        }
    }

    /// Writes them, first those that were used last, while there is room.
    fn write(&self, cache: &Cache, engine: &wasmtime::Engine) -> io::Result<()> {
        let lengths = self.kept().into_iter().map(|(key, code)| {
            let length = |part: &[u8]| u32::try_from(part.len()).unwrap_or_default().to_le_bytes();
            (length(key), key, length(code), code)
        });
        let lengths: Vec<_> = lengths.collect();
        let parts = lengths.iter();
        let parts = parts.flat_map(|(of_key, key, of_code, code)| [&of_key[..], key, &of_code[..], code]);
        cache.write(engine, NAME, parts)
    }

    /// The key and the code of each function that the next file holds.
    fn kept(&self) -> Vec<(&[u8], &[u8])> {
        let mut all: Vec<_> = self.functions.iter().collect();
        all.sort_unstable_by_key(|(key, function)| (function.rank, *key));
        let mut left = MOST_BYTES;
        let fits = |(key, function): (&'_ Vec<u8>, &'_ Function)| {
            left = left.checked_sub(key.len() + self.code(function).len() + 2 * LENGTH)?;
            Some(())
        };
        let count = all.iter().copied().map_while(fits).count();
        let kept = all.into_iter().take(count);
        kept.map(|(key, function)| (&key[..], self.code(function))).collect()
    }
}

/// Where the part stands whose length begins here.
fn part(file: &[u8], at: usize) -> Option<Range<usize>> {
    let length = file.get(at..)?.first_chunk::<LENGTH>()?;
    let start = at + LENGTH;
    let end = start.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (end <= file.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use wasmtime::CacheStore as _;

    use super::*;

    fn opened() -> (tempfile::TempDir, Cache, wasmtime::Engine) {
        let dir = tempfile::tempdir().expect("a directory");
        let cache = Cache::open(dir.path()).expect("opened");
        (dir, cache, wasmtime::Engine::default())
    }

    #[test]
    fn what_one_load_compiles_the_next_one_finds() {
        let (_dir, cache, engine) = opened();
        let first = Arc::new(Functions::default());
        assert!(!first.insert(b"early", vec![0]), "nothing is held between loads");
        let holding = first.hold(&cache, &engine);
        let other = first.hold(&cache, &engine);
        assert!(first.insert(b"a", vec![1; 300]) && first.insert(b"b", Vec::new()));
        drop(holding);
        assert!(first.get(b"a").is_some(), "the other load goes on");
        drop(other);
        assert!(first.get(b"a").is_none(), "all are in the file");

        let second = Arc::new(Functions::default());
        let holding = second.hold(&cache, &engine);
        assert_eq!(second.get(b"a").as_deref(), Some(&[1; 300][..]));
        assert_eq!(second.get(b"b").as_deref(), Some(&[][..]));
        assert!(second.get(b"early").is_none());
        drop(holding);
    }

    #[test]
    fn the_functions_that_were_used_last_are_kept() {
        let (_dir, cache, engine) = opened();
        let functions = Arc::new(Functions::default());
        let third = || vec![0; MOST_BYTES / 3];
        for name in [b"first", b"other", b"third"] {
            let _holding = functions.hold(&cache, &engine);
            functions.get(b"first");
            functions.insert(name, third());
        }
        let _holding = functions.hold(&cache, &engine);
        let is_kept = |name: &[u8]| functions.get(name).is_some();
        assert!(is_kept(b"third") && is_kept(b"first") && !is_kept(b"other"));
    }
}
