//! Waits until a file may have changed: told by the system, or else because it is time to look.
//!
//! What is watched are directories, since a file is replaced by putting another in its place: that of the path, and that
//! of the file which it leads to. A directory that is not there, or replaced, is looked for again each time.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, ModifyKind},
};
use tokio::sync::Notify;

use super::stamp::Stamp;
use crate::config;

/// A writer that has been quiet for so long is taken for gone, or for one that never says when it is done.
const QUIET: Duration = Duration::from_secs(10);

/// A file, watched.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    pub(super) settings: config::Reload,
    heard: Arc<Heard>,
    watcher: Option<RecommendedWatcher>,
    dirs: Vec<(PathBuf, Stamp)>,
}

/// What the system told.
#[derive(Debug, Default)]
struct Heard {
    something: Notify,
    facts: Mutex<Facts>,
}

#[derive(Debug, Default)]
struct Facts {
    /// Names of the file: its own, and of what it leads to.
    names: Vec<OsString>,
    /// Whether a directory may have gone, and its watch with it.
    lost: bool,
    /// When the file was last written to by somebody who has not closed it yet.
    written: Option<Instant>,
}

impl Watch {
    pub(super) fn new(path: PathBuf, settings: config::Reload) -> Self {
        let heard = Arc::new(Heard::default());
        let told = heard.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| told.hear(event));
        let mut watch = Self {
            path,
            settings,
            heard,
            watcher: watcher
                .inspect_err(|error| tracing::warn!(%error, "the system tells of no changes; the policy is looked at from time to time"))
                .ok(),
            dirs: Vec::new(),
        };
        watch.look_for_directories();
        watch
    }

    /// Ends when the file may have changed, or when it is time to look all the same.
    pub(super) async fn change(&mut self) {
        self.look_for_directories();
        // Whether it was told or it was time makes no difference.
        let _ = tokio::time::timeout(self.settings.poll, self.heard.something.notified()).await;
    }

    /// Whether somebody has it open and has lately written to it.
    pub(super) fn is_being_written(&self) -> bool {
        let written = self.heard.facts().written;
        written.is_some_and(|written| written.elapsed() < QUIET)
    }

    /// Watches the directories that matter now.
    pub(super) fn look_for_directories(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        if std::mem::take(&mut self.heard.facts().lost) {
            for (dir, _) in self.dirs.drain(..) {
                // One that was removed is not watched any more.
                let _ = watcher.unwatch(&dir);
            }
        }
        let target = self.path.canonicalize().ok();
        let files = [Some(&self.path), target.as_ref()].into_iter().flatten();
        self.heard.facts().names = files
            .clone()
            .filter_map(|file| Some(file.file_name()?.to_owned()))
            .collect();
        let mut wanted: Vec<(PathBuf, Stamp)> = Vec::new();
        for file in files {
            let dir = directory(file);
            if let Ok(Some(stamp)) = Stamp::of(&dir)
                && !wanted.iter().any(|(_, other)| other.is_same_file(&stamp))
            {
                wanted.push((dir, stamp));
            }
        }
        let is_in = |dirs: &[(PathBuf, Stamp)], (dir, stamp): &(PathBuf, Stamp)| {
            dirs.iter().any(|(other, at)| other == dir && at.is_same_file(stamp))
        };
        for (dir, _) in self.dirs.iter().filter(|dir| !is_in(&wanted, dir)) {
            // One that was removed is not watched any more.
            let _ = watcher.unwatch(dir);
        }
        let mut dirs = Vec::new();
        for dir in wanted {
            if is_in(&self.dirs, &dir) {
                dirs.push(dir);
                continue;
            }
            match watcher.watch(&dir.0, RecursiveMode::NonRecursive) {
                Ok(()) => dirs.push(dir),
                Err(error) => {
                    tracing::debug!(directory = %dir.0.display(), %error, "it is not watched; the policy is looked at from time to time");
                }
            }
        }
        self.dirs = dirs;
    }
}

impl Heard {
    fn hear(&self, event: notify::Result<Event>) {
        let Ok(event) = event else {
            // Some events were lost.
            self.facts().lost = true;
            self.something.notify_one();
            return;
        };
        let mut facts = self.facts();
        let names = &facts.names;
        let is_the_file = event
            .paths
            .iter()
            .any(|path| path.file_name().is_some_and(|name| names.iter().any(|own| own == name)));
        let matters = match event.kind {
            // Others may be at work beside it.
            EventKind::Modify(ModifyKind::Data(_)) | EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                is_the_file
            }
            EventKind::Access(_) => false,
            _ => true,
        };
        if !is_the_file && matches!(event.kind, EventKind::Remove(_)) {
            facts.lost = true;
        }
        if is_the_file {
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) => facts.written = Some(Instant::now()),
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(_))
                | EventKind::Remove(_) => facts.written = None,
                _ => {}
            }
        }
        drop(facts);
        if matters {
            self.something.notify_one();
        }
    }

    fn facts(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn directory(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        io::Write as _,
        time::{Duration, Instant},
    };

    use super::Watch;
    use crate::config;

    #[test]
    fn who_writes_from_the_beginning_is_known_until_he_is_done() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy.wasm");
        fs::write(&path, "whole").expect("writable");
        let settings = config::Reload {
            settle: Duration::from_millis(1),
            poll: Duration::from_mins(1),
        };
        let watch = Watch::new(path.clone(), settings);
        let until = |is_so: bool| {
            let started = Instant::now();
            while watch.is_being_written() != is_so {
                assert!(started.elapsed() < Duration::from_mins(1), "never {is_so}");
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let mut file = File::create(&path).expect("writable");
        file.write_all(b"half").expect("writable");
        until(true);
        drop(file);
        until(false);
    }
}
