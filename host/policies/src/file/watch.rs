//! When a file is read: once it has not changed for [`SETTLE`], so that half of a file is rarely read. Reads no bytes.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::id::FileId;
use crate::admission::Refusal;

/// How often the file's identity is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the file must not change before it is read.
const SETTLE: Duration = Duration::from_millis(100);
/// The wait before the same file is read again, when the machine was at fault and not the policy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Watches one file.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Whether it was checked before.
    is_begun: bool,
    /// What the last check found; `None`: nothing is known.
    seen: Option<Seen>,
    /// The file that was read last, if nothing else is to be done with it.
    read: Option<FileId>,
}

#[derive(Debug, Clone, Copy)]
enum Seen {
    Missing,
    File {
        id: FileId,
        /// Since when it is there, unchanged.
        since: Instant,
        /// When it is read.
        due: Instant,
    },
}

/// What has become of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is none.
    Missing,
    /// It has changed, and may still change.
    Changed,
    /// It is again the one that was read.
    Restored,
    /// It is to be read.
    Settled {
        id: FileId,
        /// For how long it has not changed.
        unchanged: Duration,
    },
}

impl Watch {
    /// Waits for the next change of the file. After an error it knows nothing of the file, and finds it anew.
    pub(crate) async fn next(&mut self, path: &Path) -> io::Result<Found> {
        loop {
            if self.is_begun {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            self.is_begun = true;
            match FileId::at(path) {
                Ok(found) => {
                    if let Some(found) = self.found(found, Instant::now()) {
                        return Ok(found);
                    }
                }
                Err(error) => {
                    (self.seen, self.read) = (None, None);
                    return Err(error);
                }
            }
        }
    }

    /// The file was read, with this result; `None`: it was another one by then. It is not read again until it changes,
    /// unless the machine was at fault.
    pub(crate) fn was_read(&mut self, id: FileId, result: Option<&Result<(), Refusal>>) {
        match result {
            Some(Err(refusal)) if refusal.is_retryable() => self.retry(Instant::now()),
            Some(_) => self.read = Some(id),
            None => {}
        }
    }

    fn retry(&mut self, now: Instant) {
        self.read = None;
        if let Some(Seen::File { due, .. }) = &mut self.seen {
            *due = now + RETRY_AFTER;
        }
    }

    /// `None`: nothing is new.
    fn found(&mut self, found: Option<FileId>, now: Instant) -> Option<Found> {
        let Some(found) = found else {
            self.read = None;
            let before = self.seen.replace(Seen::Missing);
            return (!matches!(before, Some(Seen::Missing))).then_some(Found::Missing);
        };
        match self.seen {
            Some(Seen::File { id, since, due }) if id == found => {
                let is_due = self.read != Some(id) && now >= due;
                is_due.then(|| Found::Settled {
                    id,
                    unchanged: now - since,
                })
            }
            Some(Seen::File { .. } | Seen::Missing) | None => {
                self.seen = Some(Seen::File {
                    id: found,
                    since: now,
                    due: now + SETTLE,
                });
                Some(if self.read == Some(found) {
                    Found::Restored
                } else {
                    Found::Changed
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs, io,
        time::{Duration, Instant},
    };

    use super::{FileId, Found, RETRY_AFTER, Refusal, SETTLE, Watch};

    const MOMENT: Duration = Duration::from_millis(60);

    /// The identities of two files.
    fn files() -> [FileId; 2] {
        let dir = tempfile::tempdir().expect("a directory");
        ["one", "other"].map(|name| {
            let path = dir.path().join(name);
            fs::write(&path, name).expect("written");
            FileId::at(&path).expect("a path").expect("a file")
        })
    }

    fn settled(id: FileId, unchanged: Duration) -> Found {
        Found::Settled { id, unchanged }
    }

    #[test]
    fn a_file_is_read_once_after_it_has_settled_and_again_when_it_changes() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        assert_eq!(watch.found(Some(one), start), Some(Found::Changed));
        assert_eq!(watch.found(Some(one), start + MOMENT), None);
        let changed = start + 2 * MOMENT;
        assert_eq!(watch.found(Some(other), changed), Some(Found::Changed), "it waits anew");
        assert_eq!(watch.found(Some(other), start + 3 * MOMENT), None);
        let late = SETTLE + Duration::from_millis(20);
        assert_eq!(watch.found(Some(other), changed + late), Some(settled(other, late)));
        watch.was_read(other, Some(&Ok(())));
        assert_eq!(watch.found(Some(other), start + 9 * MOMENT), None);
        assert_eq!(watch.found(Some(one), start + 10 * MOMENT), Some(Found::Changed));
        assert_eq!(watch.found(Some(other), start + 11 * MOMENT), Some(Found::Restored));
        assert_eq!(watch.found(Some(other), start + 19 * MOMENT), None, "it is known");
    }

    #[test]
    fn a_missing_file_is_found_once_and_read_when_it_is_back() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        assert_eq!(watch.found(None, start), Some(Found::Missing));
        assert_eq!(watch.found(None, start), None);
        watch.found(Some(one), start);
        watch.was_read(one, Some(&Ok(())));
        assert_eq!(watch.found(None, start), Some(Found::Missing));
        assert_eq!(watch.found(Some(one), start), Some(Found::Changed));
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn a_file_that_was_another_one_by_then_is_read_again_at_once() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        watch.found(Some(one), start);
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
        watch.was_read(one, None);
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn after_a_fault_of_the_machine_a_file_is_read_again_later_and_forgotten() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        watch.found(Some(one), start);
        watch.was_read(one, Some(&Ok(())));
        watch.found(Some(other), start);
        let fault = Err(Refusal::Read(io::Error::other("too many open files")));
        watch.was_read(other, Some(&fault));
        watch.retry(start + SETTLE);
        assert_eq!(watch.found(Some(other), start + RETRY_AFTER), None);
        let later = SETTLE + RETRY_AFTER;
        assert_eq!(watch.found(Some(other), start + later), Some(settled(other, later)));
        let back = watch.found(Some(one), start + later);
        assert_eq!(
            back,
            Some(Found::Changed),
            "it is read, so that the refusal of the other goes"
        );
    }

    #[test]
    fn a_refused_file_is_not_read_again() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = Watch::default();
        watch.found(Some(one), start);
        let refusal = Err(Refusal::SelfTest("an example is rejected".to_owned()));
        watch.was_read(one, Some(&refusal));
        assert_eq!(watch.found(Some(one), start + 10 * RETRY_AFTER), None);
    }

    #[tokio::test]
    async fn after_an_error_the_file_is_found_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy");
        fs::write(&path, "one").expect("written");
        let mut watch = Watch::default();
        assert_eq!(watch.next(&path).await.expect("a path"), Found::Changed);
        // A file is not a directory.
        watch.next(&path.join("policy")).await.expect_err("an error");
        assert_eq!(watch.next(&path).await.expect("a path"), Found::Changed);
    }
}
