//! When a file is read: once it has not changed for [`SETTLE`], so that half of a file is rarely read. Reads no bytes.

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tidegate_model::clock;

use super::place::Place;
use crate::admission::Refusal;

/// How often the file's identity is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the file must not change before it is read.
const SETTLE: Duration = Duration::from_millis(100);
/// The same for a folder whose files change: people and tools write one after another. A folder to which a link was turned is whole
/// already, and is read like a file.
const SETTLE_FOLDER: Duration = Duration::from_secs(1);
/// A folder in which some file changes without end is read after this time all the same.
const RESTLESS: Duration = Duration::from_secs(10);
/// How many times as long as a check took the next one is put off: a folder may have thousands of files.
const REST: u32 = 10;
/// The wait before the same file is read again, when the machine was at fault and not the policy.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Watches one file. Each reader reports its result with [`Watch::was_read`]: a file is due until it is concluded.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Time that the last check took; `None`: there was none.
    check_took: Option<Duration>,
    /// What the last check found; `None`: nothing is known.
    seen: Option<Seen>,
    /// What the last reading was about; `None`: there is no conclusion.
    concluded: Option<Concluded>,
}

#[derive(Debug)]
struct Seen {
    place: Place,
    /// How long it must stay so.
    settle: Duration,
    /// Since when this is so.
    since: Instant,
    /// Since when it changes again and again.
    restless_since: Instant,
    /// The same, RFC 3339.
    at: String,
}

#[derive(Debug, Clone, Copy)]
struct Concluded {
    place: Place,
    /// When it is read again although it is the same; `None`: never.
    again: Option<Instant>,
}

/// What has settled and is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// What it is.
    pub(crate) place: Place,
    /// For how long it has not changed.
    pub(crate) unchanged: Duration,
}

impl Settled {
    /// Whether more of a file may come that ends in the midst: whoever writes it may have paused.
    pub(super) fn may_grow(self) -> bool {
        self.unchanged < SETTLE_FOLDER
    }
}

impl Watch {
    /// Waits until the file has changed and settled. After an error it knows nothing of the file, and finds it anew.
    pub(crate) async fn next(&self, path: &Path) -> io::Result<Settled> {
        loop {
            let check_took = self.state().check_took;
            if let Some(took) = check_took {
                tokio::time::sleep(POLL_INTERVAL.max(took * REST)).await;
            }
            let started = Instant::now();
            let found = Place::at(path);
            self.state().check_took = Some(started.elapsed());
            match found {
                Ok(found) => {
                    if let Some(settled) = self.state().found(found, Instant::now()) {
                        return Ok(settled);
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

    /// The file was read, `place`: which one, where that is known, with this result; `None`: it was another one by then. A file
    /// with a result is not read again until it changes, unless the machine was at fault.
    pub(crate) fn was_read(&self, place: Option<Place>, result: Option<&Result<(), Refusal>>) {
        self.state().was_read(place, result, Instant::now());
    }

    /// Whether nothing is to be done with this any more.
    pub(crate) fn is_done_with(&self, place: Place) -> bool {
        let concluded = self.state().concluded;
        concluded.is_some_and(|concluded| concluded.place == place && concluded.again.is_none())
    }

    /// Since when a change waits to be read, RFC 3339, if one does.
    pub(crate) fn pending_since(&self) -> Option<String> {
        let state = self.state();
        let seen = state.seen.as_ref()?;
        let is_concluded = state.concluded.is_some_and(|concluded| concluded.place == seen.place);
        (!is_concluded).then(|| seen.at.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn was_read(&mut self, place: Option<Place>, result: Option<&Result<(), Refusal>>, now: Instant) {
        self.concluded = place.zip(result).map(|(place, result)| {
            let is_retried = result.as_ref().is_err_and(Refusal::is_retryable) && place != Place::Missing;
            Concluded {
                place,
                again: is_retried.then(|| now + RETRY_AFTER),
            }
        });
    }

    /// `None`: nothing is to be read now.
    fn found(&mut self, place: Place, now: Instant) -> Option<Settled> {
        let (since, restless_since, settle) = match &self.seen {
            Some(seen) if seen.place == place => (seen.since, seen.restless_since, seen.settle),
            before => {
                let is_turned = before.as_ref().is_some_and(|seen| place.is_turned_from(seen.place));
                let settle = match place {
                    Place::Folder { .. } if !is_turned => SETTLE_FOLDER,
                    _ => SETTLE,
                };
                let is_concluded = |seen: &Seen| self.concluded.is_some_and(|concluded| concluded.place == seen.place);
                let restless = before.as_ref().filter(|seen| !is_concluded(seen));
                let restless_since = restless.map_or(now, |seen| seen.restless_since);
                self.seen = Some(Seen {
                    place,
                    settle,
                    since: now,
                    restless_since,
                    at: clock::now(),
                });
                (now, restless_since, settle)
            }
        };
        let is_restless = matches!(place, Place::Folder { .. }) && now >= restless_since + RESTLESS;
        let is_due = match self.concluded {
            Some(concluded) if concluded.place == place => concluded.again.is_some_and(|again| now >= again),
            _ => now >= since + settle || is_restless,
        };
        is_due.then(|| Settled {
            place,
            unchanged: now - since,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs, io,
        time::{Duration, Instant},
    };

    use super::{Place, RETRY_AFTER, Refusal, SETTLE, SETTLE_FOLDER, Settled, State, Watch};

    const MOMENT: Duration = Duration::from_millis(60);

    const GOOD: Option<&Result<(), Refusal>> = Some(&Ok(()));

    /// Two files.
    fn files() -> [Place; 2] {
        let dir = tempfile::tempdir().expect("a directory");
        ["one", "other"].map(|name| {
            let path = dir.path().join(name);
            fs::write(&path, name).expect("written");
            Place::at(&path).expect("a path")
        })
    }

    fn settled(place: Place, unchanged: Duration) -> Settled {
        Settled { place, unchanged }
    }

    #[test]
    fn a_file_is_read_once_after_it_has_settled_and_again_when_it_changes() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = State::default();
        assert_eq!(watch.found(one, start), None);
        assert_eq!(watch.found(one, start + MOMENT), None);
        let changed = start + 2 * MOMENT;
        assert_eq!(watch.found(other, changed), None, "it waits anew");
        assert_eq!(watch.found(other, start + 3 * MOMENT), None);
        let late = SETTLE + Duration::from_millis(20);
        assert_eq!(watch.found(other, changed + late), Some(settled(other, late)));
        watch.was_read(Some(other), GOOD, start);
        assert_eq!(watch.found(other, start + 9 * MOMENT), None);
        assert_eq!(watch.found(one, start + 10 * MOMENT), None);
        assert_eq!(watch.found(other, start + 11 * MOMENT), None);
        assert_eq!(watch.found(other, start + 19 * MOMENT), None, "it is known");
    }

    #[test]
    fn a_folder_rests_longer_unless_a_link_was_turned_to_it() {
        let start = Instant::now();
        let folder = |files, link| Place::Folder { files, link };
        let cases = [
            ("a file was edited", folder(1, None), folder(2, None), SETTLE_FOLDER),
            ("behind a link", folder(1, Some(1)), folder(2, Some(1)), SETTLE_FOLDER),
            ("the link was turned", folder(1, Some(1)), folder(2, Some(2)), SETTLE),
            (
                "a folder became a link",
                folder(1, None),
                folder(2, Some(2)),
                SETTLE_FOLDER,
            ),
        ];
        for (what, before, after, settle) in cases {
            let mut watch = State::default();
            watch.found(before, start);
            watch.was_read(Some(before), GOOD, start);
            assert_eq!(watch.found(after, start), None, "{what}");
            assert_eq!(
                watch.found(after, start + settle.saturating_sub(MOMENT)),
                None,
                "{what}"
            );
            let found = watch.found(after, start + settle);
            assert_eq!(found, Some(settled(after, settle)), "{what}");
        }
    }

    #[test]
    fn a_folder_that_never_rests_is_read_all_the_same() {
        let start = Instant::now();
        let mut watch = State::default();
        let mut read = Vec::new();
        // A file changes twice a second.
        for half in 0_u32..50 {
            let place = Place::Folder {
                files: half.into(),
                link: None,
            };
            let now = start + half * SETTLE_FOLDER / 2;
            if watch.found(place, now).is_some() {
                watch.was_read(Some(place), GOOD, now);
                read.push(half);
            }
        }
        assert_eq!(read, [20, 41], "ten seconds after each first change");
    }

    #[test]
    fn a_missing_file_is_concluded_once_and_read_when_it_is_back() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = State::default();
        assert_eq!(watch.found(Place::Missing, start), None);
        assert_eq!(
            watch.found(Place::Missing, start + SETTLE),
            Some(settled(Place::Missing, SETTLE))
        );
        let missing = Err(Refusal::Read(io::ErrorKind::NotFound.into()));
        watch.was_read(Some(Place::Missing), Some(&missing), start);
        assert_eq!(watch.found(Place::Missing, start + 10 * RETRY_AFTER), None);
        watch.found(one, start);
        watch.was_read(Some(one), GOOD, start);
        assert_eq!(watch.found(Place::Missing, start), None);
        assert_eq!(
            watch.found(one, start + 9 * MOMENT),
            None,
            "it was replaced in two steps"
        );
        watch.found(Place::Missing, start);
        watch.was_read(Some(Place::Missing), Some(&missing), start);
        assert_eq!(watch.found(one, start), None);
        assert_eq!(watch.found(one, start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn a_file_that_was_another_one_by_then_is_read_again_at_once() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = State::default();
        watch.found(one, start);
        assert_eq!(watch.found(one, start + SETTLE), Some(settled(one, SETTLE)));
        watch.was_read(Some(one), None, start);
        assert_eq!(watch.found(one, start + SETTLE), Some(settled(one, SETTLE)));
    }

    #[test]
    fn a_file_is_read_again_after_another_one_was_read_between_two_checks() {
        let ([one, other], start) = (files(), Instant::now());
        let missing = || Refusal::Read(io::ErrorKind::NotFound.into());
        for (place, result) in [
            (Some(other), GOOD),
            (
                Some(other),
                Some(&Err(Refusal::SelfTest("an example is rejected".to_owned()))),
            ),
            (Some(Place::Missing), Some(&Err(missing()))),
            (None, Some(&Err(Refusal::Changing))),
        ] {
            let mut watch = State::default();
            watch.found(one, start);
            watch.was_read(Some(one), GOOD, start);
            watch.was_read(place, result, start);
            assert_eq!(
                watch.found(one, start + SETTLE),
                Some(settled(one, SETTLE)),
                "{result:?}"
            );
        }
    }

    #[test]
    fn after_a_fault_of_the_machine_a_file_is_read_again_later_and_forgotten() {
        let ([one, other], start) = (files(), Instant::now());
        let mut watch = State::default();
        watch.found(one, start);
        watch.was_read(Some(one), GOOD, start);
        watch.found(other, start);
        let fault = Err(Refusal::Read(io::Error::other("too many open files")));
        watch.was_read(Some(other), Some(&fault), start + SETTLE);
        assert_eq!(watch.found(other, start + RETRY_AFTER), None);
        let later = SETTLE + RETRY_AFTER;
        assert_eq!(watch.found(other, start + later), Some(settled(other, later)));
        watch.found(one, start + later);
        let back = watch.found(one, start + later + SETTLE);
        assert_eq!(
            back,
            Some(settled(one, SETTLE)),
            "it is read, so that the refusal of the other goes"
        );
    }

    #[test]
    fn a_refused_file_is_not_read_again() {
        let ([one, _], start) = (files(), Instant::now());
        let mut watch = State::default();
        watch.found(one, start);
        let refusal = Err(Refusal::SelfTest("an example is rejected".to_owned()));
        watch.was_read(Some(one), Some(&refusal), start);
        assert_eq!(watch.found(one, start + 10 * RETRY_AFTER), None);
    }

    #[test]
    fn a_change_is_pending_until_it_is_concluded() {
        let ([one, other], start) = (files(), Instant::now());
        let watch = Watch::default();
        assert_eq!(watch.pending_since(), None, "nothing is watched");
        watch.state().found(one, start);
        assert!(watch.pending_since().is_some());
        watch.was_read(Some(one), GOOD);
        assert_eq!((watch.pending_since(), watch.is_done_with(one)), (None, true));
        watch.state().found(other, start);
        assert!(watch.pending_since().is_some() && !watch.is_done_with(other));
        watch.was_read(Some(other), Some(&Err(Refusal::Changing)));
        assert_eq!(watch.pending_since(), None, "it is refused, and read again later");
        assert!(!watch.is_done_with(other));
    }

    #[tokio::test]
    async fn after_an_error_the_file_is_found_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy");
        fs::write(&path, "one").expect("written");
        let watch = Watch::default();
        let one = watch.next(&path).await.expect("a path").place;
        watch.was_read(Some(one), GOOD);
        // A file is not a directory.
        watch.next(&path.join("policy")).await.expect_err("an error");
        assert_eq!(watch.next(&path).await.expect("a path").place, one);
    }
}
