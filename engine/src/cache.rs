//! Compiled policies on disk, so that a second start takes milliseconds.
//!
//! The files are native code. So a file is used only from a directory that no other user can write to, and only when it is
//! complete: name and checksum must match. Anything else is a miss, and the policy is compiled again. Knows no engine's
//! settings but the hash that wasmtime makes of them.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufWriter, Write},
    iter,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use crate::digest::Digest;

const MAGIC: &[u8; 16] = b"tidegate-cwasm-1";
const CHECKSUM: usize = 32;
const EXTENSION: &str = "cwasm";
/// How many compiled policies are kept; each has several megabytes.
const KEPT: usize = 16;
/// The extension of a file that is being written.
const TEMPORARY: &str = "tmp";
/// The age at which nobody writes such a file any more.
const ABANDONED: Duration = Duration::from_hours(1);

/// A directory that belongs to this user alone.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Opens the directory and creates it if necessary. Fails when other users could put files into it.
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let meta = fs::metadata(dir)?;
        // The owner of a file that this process has just created is this process's user.
        let probe = tempfile_in(dir)?;
        let user = fs::metadata(&probe)?.uid();
        fs::remove_file(&probe)?;
        if meta.uid() != user || meta.permissions().mode() & 0o022 != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "{} can be written to by others; it must be private, since it holds native code (chmod 700)",
                    dir.display()
                ),
            ));
        }
        Ok(Self { dir: dir.to_owned() })
    }

    /// The compiled form of the policy, when the cache has an intact one.
    pub(crate) fn get(&self, engine: &wasmtime::Engine, digest: &Digest) -> Option<Component> {
        let path = self.path(engine, digest);
        let file = fs::read(&path).ok()?;
        let component = verified(&file).and_then(|code| {
            // SAFETY: the bytes are what `put` wrote: the directory is writable by this user alone (checked in `open`)
            // and the checksum shows that the file is complete. wasmtime itself refuses code of another version or target.
            #[allow(unsafe_code)]
            unsafe { Component::deserialize(engine, code) }.ok()
        });
        if component.is_some() {
            let used = fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
            if let Err(error) = used {
                tracing::debug!(file = %path.display(), %error, "its time of use could not be updated");
            }
        } else {
            tracing::warn!(file = %path.display(), "the cached policy is damaged or foreign; compiling again");
        }
        component
    }

    /// Stores the compiled form. It is written to a temporary file and renamed, so that no reader sees half a file.
    pub(crate) fn put(&self, engine: &wasmtime::Engine, digest: &Digest, code: &[u8]) -> io::Result<()> {
        self.replace(&self.path(engine, digest), iter::once(code))?;
        self.prune()
    }

    /// What was last written under this name by the same engine, when it is intact.
    pub(crate) fn read(&self, engine: &wasmtime::Engine, name: &str) -> Option<Vec<u8>> {
        let mut file = fs::read(self.named(engine, name)).ok()?;
        let bytes = verified(&file)?.len();
        file.drain(..file.len() - bytes);
        Some(file)
    }

    /// Writes bytes, which come in parts, under a name, and removes those of other engines.
    pub(crate) fn write<'b>(
        &self,
        engine: &wasmtime::Engine,
        name: &str,
        parts: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> io::Result<()> {
        let (prefix, path) = (format!("{name}-"), self.named(engine, name));
        self.replace(&path, parts)?;
        for entry in fs::read_dir(&self.dir)? {
            let other = entry?;
            if other.file_name().to_string_lossy().starts_with(&prefix) && other.path() != path {
                remove(&other.path())?;
            }
        }
        Ok(())
    }

    fn replace<'b>(&self, path: &Path, parts: impl Iterator<Item = &'b [u8]> + Clone) -> io::Result<()> {
        let temporary = tempfile_in(&self.dir)?;
        let made = &temporary;
        let write = move || {
            let mut file = BufWriter::new(fs::OpenOptions::new().write(true).open(made)?);
            file.write_all(MAGIC)?;
            file.write_all(&parts.clone().fold(Sha256::new(), Sha256::chain_update).finalize())?;
            for part in parts {
                file.write_all(part)?;
            }
            file.flush()?;
            fs::rename(made, path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&temporary)))
    }

    /// Removes the files that were not used for the longest time, and what writers left that were killed.
    fn prune(&self) -> io::Result<()> {
        let mut kept = Vec::new();
        let ends_with = |path: &Path, extension: &str| path.extension().is_some_and(|found| found == extension);
        for entry in fs::read_dir(&self.dir)? {
            let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
            let modified = || entry.and_then(|metadata| metadata.modified());
            if ends_with(&path, EXTENSION) {
                kept.push((modified()?, path));
            } else if ends_with(&path, TEMPORARY) && modified()?.elapsed().is_ok_and(|age| age > ABANDONED) {
                remove(&path)?;
            }
        }
        kept.sort_unstable_by(|a, b| b.cmp(a));
        for (_, path) in kept.drain(KEPT.min(kept.len())..) {
            remove(&path)?;
        }
        Ok(())
    }

    fn path(&self, engine: &wasmtime::Engine, digest: &Digest) -> PathBuf {
        self.named(engine, digest.hex()).with_extension(EXTENSION)
    }

    /// What this engine keeps under a name.
    fn named(&self, engine: &wasmtime::Engine, name: &str) -> PathBuf {
        self.dir.join(format!("{name}-{}", made_by(engine)))
    }
}

/// Tells an engine from others, in a name.
fn made_by(engine: &wasmtime::Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Removes a file, unless another process has.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn verified(file: &[u8]) -> Option<&[u8]> {
    let rest = file.strip_prefix(MAGIC)?;
    let (checksum, code) = rest.split_at_checked(CHECKSUM)?;
    (Sha256::digest(code).as_slice() == checksum).then_some(code)
}

fn tempfile_in(dir: &Path) -> io::Result<PathBuf> {
    let unique = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_nanos());
    let path = dir.join(format!(".{}-{unique}.{TEMPORARY}", std::process::id()));
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_file_is_used() {
        let code = b"not really code";
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&Sha256::digest(code));
        file.extend_from_slice(code);
        assert_eq!(verified(&file), Some(&code[..]));
        for end in 0..file.len() {
            assert_eq!(verified(&file[..end]), None, "cut at {end}");
        }
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert_eq!(verified(&damaged), None, "flipped at {at}");
        }
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let dir = tempfile::tempdir().expect("tempdir");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("chmod");
        let error = Cache::open(dir.path()).expect_err("refused");
        assert!(error.to_string().contains("chmod 700"), "{error}");
    }

    #[test]
    fn the_least_recently_used_files_are_removed() {
        let dir = tempfile::tempdir().expect("tempdir");
        let cache = Cache::open(dir.path()).expect("opened");
        let engine = wasmtime::Engine::default();
        let digest = |number: usize| Digest::of(&number.to_le_bytes());
        let abandoned = tempfile_in(dir.path()).expect("made");
        let long_ago = SystemTime::now() - 2 * ABANDONED;
        let file = fs::File::open(&abandoned).expect("there");
        file.set_modified(long_ago).expect("set");
        let written_now = tempfile_in(dir.path()).expect("made");
        for number in 0..KEPT + 2 {
            cache.put(&engine, &digest(number), b"code").expect("kept");
            let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number as u64);
            let file = fs::File::open(cache.path(&engine, &digest(number))).expect("there");
            file.set_modified(long_ago).expect("set");
        }
        cache.put(&engine, &digest(KEPT + 2), b"code").expect("kept");
        let is_there = |number| cache.path(&engine, &digest(number)).exists();
        assert!((0..3).all(|number| !is_there(number)), "the oldest three are gone");
        assert!((3..KEPT + 3).all(is_there));
        assert!(!abandoned.exists() && written_now.exists());
    }

    #[test]
    fn a_new_directory_is_private() {
        let dir = tempfile::tempdir().expect("tempdir");
        let path = dir.path().join("a/b");
        Cache::open(&path).expect("opened");
        let mode = fs::metadata(&path).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
