//! When a changed file is read: once it has not changed for [`SETTLE`], so that half of a file is rarely read. Knows
//! nothing of what is in a file.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::file::FileId;

/// How often the file's identity is checked.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the file must not change before it is read.
const SETTLE: Duration = Duration::from_millis(100);

/// Watches one file.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What the last check found; `None`: there was none, or it failed.
    seen: Option<Seen>,
    /// The file that was read last.
    read: Option<FileId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Missing,
    /// A file, and when it may be read.
    File(FileId, Instant),
}

/// What a check finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing new.
    Same,
    /// There is no file any more, or there is none at the first check.
    Missing,
    /// The file has changed, and may still change.
    Changed,
    /// The file is again the one that was read.
    Restored,
    /// The file is to be read. It has not changed for that long.
    Settled(FileId, Duration),
}

impl Watch {
    /// Checks the file's identity.
    pub(crate) fn look(&mut self, path: &Path) -> io::Result<Look> {
        match FileId::of(path) {
            Ok(found) => Ok(self.found(found, Instant::now())),
            Err(error) => {
                *self = Self::default();
                Err(error)
            }
        }
    }

    /// The file was read: it is not read again until it changes.
    pub(crate) fn was_read(&mut self, id: FileId) {
        self.read = Some(id);
    }

    /// The file could not be loaded for now: it is read again after `wait`.
    pub(crate) fn read_again_after(&mut self, id: FileId, wait: Duration) {
        self.seen = Some(Seen::File(id, Instant::now() + wait));
    }

    fn found(&mut self, found: Option<FileId>, now: Instant) -> Look {
        let Some(id) = found else {
            self.read = None;
            return match self.seen.replace(Seen::Missing) {
                Some(Seen::Missing) => Look::Same,
                Some(Seen::File(..)) | None => Look::Missing,
            };
        };
        match self.seen {
            Some(Seen::File(seen, _)) if seen == id && self.read == Some(id) => Look::Same,
            Some(Seen::File(seen, due)) if seen == id && now >= due => Look::Settled(id, SETTLE + (now - due)),
            Some(Seen::File(seen, _)) if seen == id => Look::Same,
            _ => {
                self.seen = Some(Seen::File(id, now + SETTLE));
                if self.read == Some(id) {
                    Look::Restored
                } else {
                    Look::Changed
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        time::{Duration, Instant},
    };

    use super::{FileId, Look, SETTLE, Watch};

    /// The identities of two files.
    fn files() -> [FileId; 2] {
        let dir = tempfile::tempdir().expect("a directory");
        ["one", "other"].map(|name| {
            let path = dir.path().join(name);
            fs::write(&path, name).expect("written");
            FileId::of(&path).expect("a path").expect("a file")
        })
    }

    const MOMENT: Duration = Duration::from_millis(60);

    #[test]
    fn a_file_is_read_once_after_it_has_settled_and_again_when_it_changes() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        assert_eq!(watch.found(Some(one), start), Look::Changed);
        assert_eq!(watch.found(Some(one), start + MOMENT), Look::Same);
        assert_eq!(
            watch.found(Some(other), start + 2 * MOMENT),
            Look::Changed,
            "it waits anew"
        );
        assert_eq!(watch.found(Some(other), start + 3 * MOMENT), Look::Same);
        let late = Duration::from_millis(20);
        assert_eq!(
            watch.found(Some(other), start + 2 * MOMENT + SETTLE + late),
            Look::Settled(other, SETTLE + late)
        );
        watch.was_read(other);
        assert_eq!(watch.found(Some(other), start + 9 * MOMENT), Look::Same);
        assert_eq!(watch.found(Some(one), start + 10 * MOMENT), Look::Changed);
        assert_eq!(watch.found(Some(other), start + 11 * MOMENT), Look::Restored);
        assert_eq!(watch.found(Some(other), start + 19 * MOMENT), Look::Same, "it is known");
    }

    #[test]
    fn a_missing_file_is_reported_once_and_read_when_it_is_back() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        assert_eq!(watch.found(None, start), Look::Missing);
        assert_eq!(watch.found(None, start), Look::Same);
        watch.found(Some(one), start);
        watch.was_read(one);
        assert_eq!(watch.found(None, start), Look::Missing);
        assert_eq!(watch.found(Some(one), start), Look::Changed);
        assert_eq!(watch.found(Some(one), start + SETTLE), Look::Settled(one, SETTLE));
    }

    #[test]
    fn a_file_that_is_not_marked_as_read_is_read_again() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        watch.found(Some(one), start);
        assert!(matches!(watch.found(Some(one), start + SETTLE), Look::Settled(..)));
        assert!(matches!(watch.found(Some(one), start + SETTLE), Look::Settled(..)));
        watch.read_again_after(one, Duration::from_hours(1));
        assert_eq!(watch.found(Some(one), start + SETTLE), Look::Same);
    }
}
