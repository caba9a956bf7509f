//! When a file is read: once it has not changed for [`SETTLE`], so that half of a file is rarely read. Reads no bytes.

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
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

/// Watches one file. Whoever reads it reports the result with [`Watch::was_read`]: a file is due until it is concluded.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether it was checked before.
    is_begun: bool,
    /// What the last check found; `None`: nothing is known.
    seen: Option<Seen>,
    /// What the last conclusion is about; `None`: there is none.
    concluded: Option<Place>,
}

/// What is at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Missing,
    File(FileId),
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    place: Place,
    /// Since when this is so.
    since: Instant,
    /// When it is read.
    due: Instant,
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
    pub(crate) async fn next(&self, path: &Path) -> io::Result<Found> {
        loop {
            if std::mem::replace(&mut self.state().is_begun, true) {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            match FileId::at(path) {
                Ok(found) => {
                    if let Some(found) = self.state().found(found, Instant::now()) {
                        return Ok(found);
                    }
                }
                Err(error) => {
                    let mut state = self.state();
                    (state.seen, state.concluded) = (None, None);
                    return Err(error);
                }
            }
        }
    }

    /// A file was read, `None`: an unknown one, with this result; `None`: it was another one by then. A file with a result is
    /// not read again until it changes, unless the machine was at fault.
    pub(crate) fn was_read(&self, id: Option<FileId>, result: Option<&Result<(), Refusal>>) {
        self.state().was_read(id, result, Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn was_read(&mut self, id: Option<FileId>, result: Option<&Result<(), Refusal>>, now: Instant) {
        self.concluded = None;
        match result {
            Some(Err(Refusal::Read(error))) if error.kind() == io::ErrorKind::NotFound => {
                self.concluded = Some(Place::Missing);
            }
            Some(Err(refusal)) if refusal.is_retryable() => {
                let file = id.map(Place::File);
                if let Some(seen) = self.seen.as_mut().filter(|seen| Some(seen.place) == file) {
                    seen.due = now + RETRY_AFTER;
                }
            }
            Some(_) => self.concluded = id.map(Place::File),
            None => {}
        }
    }

    /// `None`: nothing is new.
    fn found(&mut self, file: Option<FileId>, now: Instant) -> Option<Found> {
        let place = file.map_or(Place::Missing, Place::File);
        let is_concluded = self.concluded == Some(place);
        match self.seen {
            Some(seen) if seen.place == place => {
                if is_concluded || now < seen.due {
                    return None;
                }
                Some(match place {
                    Place::Missing => {
                        self.concluded = Some(Place::Missing);
                        Found::Missing
                    }
                    Place::File(id) => Found::Settled {
                        id,
                        unchanged: now - seen.since,
                    },
                })
            }
            _ => {
                self.seen = Some(Seen {
                    place,
                    since: now,
                    due: now + SETTLE,
                });
                Some(if is_concluded { Found::Restored } else { Found::Changed })
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

    use super::{FileId, Found, RETRY_AFTER, Refusal, SETTLE, State, Watch};

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

    const GOOD: Option<&Result<(), Refusal>> = Some(&Ok(()));

    #[test]
    fn a_file_is_read_once_after_it_has_settled_and_again_when_it_changes() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = State::default();
        assert_eq!(watch.found(Some(one), start), Some(Found::Changed));
        assert_eq!(watch.found(Some(one), start + MOMENT), None);
        let changed = start + 2 * MOMENT;
        assert_eq!(watch.found(Some(other), changed), Some(Found::Changed), "it waits anew");
        assert_eq!(watch.found(Some(other), start + 3 * MOMENT), None);
        let late = SETTLE + Duration::from_millis(20);
        assert_eq!(watch.found(Some(other), changed + late), Some(settled(other, late)));
        watch.was_read(Some(other), GOOD, start);
        assert_eq!(watch.found(Some(other), start + 9 * MOMENT), None);
        assert_eq!(watch.found(Some(one), start + 10 * MOMENT), Some(Found::Changed));
        assert_eq!(watch.found(Some(other), start + 11 * MOMENT), Some(Found::Restored));
        assert_eq!(watch.found(Some(other), start + 19 * MOMENT), None, "it is known");
    }

    #[test]
    fn a_missing_file_is_reported_once_it_has_settled_and_read_when_it_is_back() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = State::default();
        assert_eq!(watch.found(None, start), Some(Found::Changed));
        assert_eq!(watch.found(None, start + SETTLE), Some(Found::Missing));
        assert_eq!(watch.found(None, start + 2 * SETTLE), None);
        let missing = Err(Refusal::Read(io::ErrorKind::NotFound.into()));
        let mut known = State::default();
        known.was_read(None, Some(&missing), start);
        assert_eq!(known.found(None, start), Some(Found::Restored));
        assert_eq!(known.found(None, start + SETTLE), None, "a request has reported it");
        watch.found(Some(one), start);
        watch.was_read(Some(one), GOOD, start);
        assert_eq!(watch.found(None, start), Some(Found::Changed));
        assert_eq!(
            watch.found(Some(one), start + MOMENT),
            Some(Found::Restored),
            "it was replaced in two steps"
        );
        watch.found(None, start);
        assert_eq!(watch.found(None, start + SETTLE), Some(Found::Missing));
        assert_eq!(watch.found(Some(one), start), Some(Found::Changed));
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn a_file_that_was_another_one_by_then_is_read_again_at_once() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = State::default();
        watch.found(Some(one), start);
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
        watch.was_read(Some(one), None, start);
        assert_eq!(watch.found(Some(one), start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn a_file_is_read_again_after_another_one_was_read_between_two_checks() {
        let ([one, other], start) = (files(), Instant::now());
        for (id, result) in [
            (Some(other), GOOD),
            (
                Some(other),
                Some(&Err(Refusal::SelfTest("an example is rejected".to_owned()))),
            ),
            (None, Some(&Err(Refusal::Read(io::ErrorKind::NotFound.into())))),
            (None, Some(&Err(Refusal::Changing))),
        ] {
            let mut watch = State::default();
            watch.found(Some(one), start);
            watch.was_read(Some(one), GOOD, start);
            watch.was_read(id, result, start);
            assert_eq!(
                watch.found(Some(one), start + SETTLE),
                Some(settled(one, SETTLE)),
                "{result:?}"
            );
        }
    }

    #[test]
    fn after_a_fault_of_the_machine_a_file_is_read_again_later_and_forgotten() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = State::default();
        watch.found(Some(one), start);
        watch.was_read(Some(one), GOOD, start);
        watch.found(Some(other), start);
        let fault = Err(Refusal::Read(io::Error::other("too many open files")));
        watch.was_read(Some(other), Some(&fault), start + SETTLE);
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
        let mut watch = State::default();
        watch.found(Some(one), start);
        let refusal = Err(Refusal::SelfTest("an example is rejected".to_owned()));
        watch.was_read(Some(one), Some(&refusal), start);
        assert_eq!(watch.found(Some(one), start + 10 * RETRY_AFTER), None);
    }

    #[tokio::test]
    async fn after_an_error_the_file_is_found_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy");
        fs::write(&path, "one").expect("written");
        let watch = Watch::default();
        assert_eq!(watch.next(&path).await.expect("a path"), Found::Changed);
        // A file is not a directory.
        watch.next(&path.join("policy")).await.expect_err("an error");
        assert_eq!(watch.next(&path).await.expect("a path"), Found::Changed);
    }
}
