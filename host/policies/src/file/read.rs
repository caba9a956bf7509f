//! Reads the file or folder of a policy, and says which it was. Knows nothing of when it is read.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

use super::{id::FileId, place::Place, watch::Settled};
use crate::{admission::Refusal, source::Source};

/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// What was read.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) place: Place,
    pub(crate) source: Source,
}

/// Reads a whole file or folder; `None`: it changed meanwhile, is not what has settled, where that is known, or may still be written.
pub(crate) fn read(path: &Path, settled: Option<Settled>) -> Result<Option<Contents>, Refusal> {
    let is_expected = |place: Place| settled.is_none_or(|settled| settled.place == place);
    match whole(path) {
        Ok(contents) => Ok(contents.filter(|contents| is_expected(contents.place))),
        Err(_) if settled.is_some_and(|settled| !settled.place.is_at(path)) => Ok(None),
        Err(Refusal::Folder(error)) if error.is_cut() && settled.is_some_and(Settled::may_grow) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn whole(path: &Path) -> Result<Option<Contents>, Refusal> {
    let place = Place::at(path).map_err(Refusal::Read)?;
    if matches!(place, Place::Folder { .. }) {
        let source = Source::of_folder(path)?;
        return Ok(place.is_at(path).then_some(Contents { place, source }));
    }
    let mut open = OpenOptions::new();
    // Opening a pipe without a writer would never end. For a regular file the flag means nothing.
    open.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let mut file = open.open(path).map_err(Refusal::Read)?;
    // Of the open file: a link may lead elsewhere by now.
    let before = file.metadata().map_err(Refusal::Read)?;
    if !before.is_file() {
        return Err(Refusal::Read(io::Error::other("it is not a file")));
    }
    let mut bytes = Vec::new();
    (&mut file)
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(Refusal::Read)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Refusal::TooLarge {
            bytes: before.len(),
            limit: MAX_BYTES,
        });
    }
    let id = FileId::of(&before);
    let is_same = FileId::of(&file.metadata().map_err(Refusal::Read)?) == id;
    let place = Place::File(id);
    if !is_same {
        return Ok(None);
    }
    let source = Source::of_file(bytes)?;
    Ok(Some(Contents { place, source }))
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use tidegate_engine::Digest;

    use super::{Place, Settled, read};

    #[test]
    fn the_bytes_come_with_the_identity_of_their_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy");
        fs::write(&path, "one").expect("written");
        let contents = read(&path, None).expect("readable").expect("unchanged");
        assert_eq!(*contents.source.digest(), Digest::of(b"one"));
        assert!(contents.place.is_at(&path));
        fs::write(&path, "other").expect("written");
        assert!(!contents.place.is_at(&path));
        let before = Some(Settled {
            place: contents.place,
            unchanged: Duration::ZERO,
        });
        let other = read(&path, before).expect("readable");
        assert!(other.is_none(), "it is not the one that was expected");
        fs::remove_file(&path).expect("removed");
        let gone = read(&path, before).expect("it is another state of the file, and no refusal");
        assert!(gone.is_none());
    }

    #[test]
    fn a_bundle_that_ends_in_the_midst_may_still_be_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy");
        fs::write(&path, r#"{"manifest":{"name":"sh"#).expect("written");
        let place = Place::at(&path).expect("a path");
        let settled = |millis| {
            let unchanged = Duration::from_millis(millis);
            Some(Settled { place, unchanged })
        };
        assert!(read(&path, settled(100)).expect("no refusal").is_none());
        assert!(read(&path, settled(1500)).is_err(), "nobody writes any more");
        assert!(read(&path, None).is_err(), "it is asked for now");
        fs::write(&path, r#"{"manifest":1}"#).expect("written");
        assert!(read(&path, None).is_err(), "it is whole, and no bundle");
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(read(dir.path(), None).is_err(), "a folder without a manifest");
        assert!(read(&dir.path().join("none"), None).is_err(), "nothing");
        let pipe = dir.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("made");
        assert!(read(&pipe, None).is_err(), "a pipe without a writer");
    }
}
