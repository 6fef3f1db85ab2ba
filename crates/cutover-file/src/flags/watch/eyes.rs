//! What tells that the files may have changed.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::hub::Notice;
use crate::flags::files::Files;

/// What changes whenever a file is replaced or written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fingerprint {
    Absent,
    Unreadable(io::ErrorKind),
    Found([i128; 5]),
}

impl Fingerprint {
    /// Of what a path leads to, through symbolic links.
    pub(super) fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Self::Found(numbers(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Absent,
            Err(error) => Self::Unreadable(error.kind()),
        }
    }
}

#[cfg(unix)]
fn numbers(found: &fs::Metadata) -> [i128; 5] {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    [
        i128::from(found.dev()),
        i128::from(found.ino()),
        i128::from(found.len()),
        nanoseconds(found.mtime(), found.mtime_nsec()),
        nanoseconds(found.ctime(), found.ctime_nsec()),
    ]
}

#[cfg(not(unix))]
fn numbers(found: &fs::Metadata) -> [i128; 5] {
    let nanoseconds = found
        .modified()
        .ok()
        .and_then(|time| jiff::Timestamp::try_from(time).ok())
        .map_or(0, |time| time.as_nanosecond());
    [0, 0, i128::from(found.len()), nanoseconds, 0]
}

/// The notices of the operating system about a directory, renewed when it is replaced.
pub(super) struct Eyes {
    watcher: Option<RecommendedWatcher>,
    /// The directory that is watched: device and number, not times.
    directory: Option<[i128; 2]>,
    notices: Sender<Notice>,
}

impl Eyes {
    pub(super) fn new(notices: Sender<Notice>) -> Self {
        Self {
            watcher: None,
            directory: None,
            notices,
        }
    }

    /// Whether the operating system gives notices.
    pub(super) fn are_open(&self) -> bool {
        self.directory.is_some()
    }

    /// Watches the directory, or the one that has taken its place. True when that is news.
    pub(super) fn open(&mut self, files: &Files) -> bool {
        let directory = match Fingerprint::of(&files.dir) {
            Fingerprint::Found([device, number, ..]) => Some([device, number]),
            Fingerprint::Absent | Fingerprint::Unreadable(_) => None,
        };
        if directory == self.directory && cfg!(unix) {
            return false;
        }
        if directory == self.directory && self.watcher.is_some() {
            return false;
        }
        self.directory = None;
        // The old watch, if any, ends with the old watcher.
        self.watcher = None;
        if directory.is_none() {
            return false;
        }
        match self.watcher(files) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.directory = directory;
                true
            }
            Err(error) => {
                let path = files.dir.display();
                tracing::debug!(%path, %error, "no notices from the operating system: polling");
                false
            }
        }
    }

    fn watcher(&self, files: &Files) -> notify::Result<RecommendedWatcher> {
        let notices = self.notices.clone();
        let name = files.document.file_name().map(OsStr::to_owned);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if event.map_or(true, |event| concerns(&event, name.as_deref())) {
                    // The thread that listens has ended, then.
                    let _ = notices.send(Notice::Stirred);
                }
            })?;
        watcher.watch(&files.dir, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// Whether an event may change what a reader sees. Reading must not count, or every look would
/// cause the next one.
fn concerns(event: &notify::Event, document: Option<&OsStr>) -> bool {
    let is_change = match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    let is_elsewhere = |path: &std::path::PathBuf| {
        path.file_name()
            .is_some_and(|name| Some(name) != document && is_other_file(name))
    };
    is_change && (event.paths.is_empty() || !event.paths.iter().all(is_elsewhere))
}

/// The store's own files beside the document. Other names, such as `..data`, may lead to it.
fn is_other_file(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with("flags.json.")
            || name.starts_with("flags.history.")
            || name == "flags.lock"
    })
}
