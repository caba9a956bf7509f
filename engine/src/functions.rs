//! The compiled functions of foreign policies: one that is built anew compiles what changed, and takes the rest. They are in memory
//! during a load, and in one file of the cache between loads. Knows no policy.

use std::{
    borrow::Cow,
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wasmtime::CacheStore;

use crate::cache::Cache;

/// The name of the file.
const NAME: &str = "functions";
/// The most bytes of the file: the functions of a few policies.
const MOST_BYTES: usize = 96 << 20;
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
    /// By what decides on the code of a function, as the compiler says it.
    functions: HashMap<Vec<u8>, Function>,
}

#[derive(Debug)]
struct Function {
    code: Vec<u8>,
    is_used: bool,
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
            let file = cache.read(engine, NAME).unwrap_or_default();
            held.functions = parse(&file);
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
        function.is_used = true;
        Some(Cow::Owned(function.code.clone()))
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let mut held = self.held();
        // Else nothing would take it out of memory again.
        let is_kept = held.loads > 0;
        if is_kept {
            held.functions.insert(key.to_owned(), Function { code, is_used: true });
        }
        is_kept
    }
}

impl Holding<'_> {
    fn write(&self, functions: &HashMap<Vec<u8>, Function>) -> io::Result<()> {
        self.cache.write(self.engine, NAME, &written(functions))
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        let mut held = self.functions.held();
        held.loads -= 1;
        if held.loads > 0 {
            return;
        }
        let functions = std::mem::take(&mut held.functions);
        drop(held);
        if let Err(error) = self.write(&functions) {
            tracing::warn!(%error, "the compiled functions could not be stored in the cache; the next policy is compiled as a whole");
        }
    }
}

/// The functions in a file, each a key and its code, with the length of each in front.
fn parse(mut file: &[u8]) -> HashMap<Vec<u8>, Function> {
    let mut functions = HashMap::new();
    while let Some((key, code, rest)) = next(file) {
        let function = Function {
            code: code.to_owned(),
            is_used: false,
        };
        functions.insert(key.to_owned(), function);
        file = rest;
    }
    functions
}

fn next(file: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (key, file) = part(file)?;
    let (code, rest) = part(file)?;
    Some((key, code, rest))
}

fn part(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = file.split_first_chunk::<LENGTH>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// A file of these functions: first those that were used, then others while there is room.
fn written(functions: &HashMap<Vec<u8>, Function>) -> Vec<u8> {
    let mut file = Vec::new();
    for is_used in [true, false] {
        let wanted = functions.iter().filter(|(_, function)| function.is_used == is_used);
        for (key, function) in wanted {
            let lengths = [key, &function.code].map(|part| u32::try_from(part.len()));
            let [Ok(of_key), Ok(of_code)] = lengths else { continue };
            if file.len() + key.len() + function.code.len() + 2 * LENGTH > MOST_BYTES {
                return file;
            }
            file.extend(of_key.to_le_bytes());
            file.extend(key);
            file.extend(of_code.to_le_bytes());
            file.extend(&function.code);
        }
    }
    file
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
    fn the_functions_of_the_last_load_are_kept_first() {
        let half = || vec![0; MOST_BYTES / 2];
        let functions = [("old", false), ("new", true), ("newer", true)];
        let functions = functions.map(|(key, is_used)| (key.into(), Function { code: half(), is_used }));
        let kept = parse(&written(&functions.into()));
        assert_eq!(kept.len(), 1);
        assert!(!kept.contains_key(&b"old"[..]));
    }
}
