//! The notices of the operating system about a directory.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::fingerprint::Directory;
use crate::flags::files::Files;

/// The link that mounted configuration is reached by, and that is swapped to replace all of it.
const SWAPPED: &str = "..data";

/// What was refused is asked for again after this time.
const RETRY: Duration = Duration::from_secs(30);

/// What the watching thread is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Somebody is at work on the files, and may not have finished.
    Stirred,
    /// The document was renamed into its place, or closed by who wrote it: there is something to
    /// see.
    Finished,
    /// The directory is not there any more, and with it the source of notices.
    Gone,
    Stop,
}

/// Listens to a directory, and to the one that takes its place.
pub(super) struct Eyes {
    notices: Sender<Notice>,
    /// Whether to listen at all.
    are_wanted: bool,
    watcher: Option<RecommendedWatcher>,
    /// The directory that is listened to.
    directory: Option<Directory>,
    refused: Option<Refusal>,
}

/// The operating system gives no notices of a directory: its limits are used up, or it has none.
struct Refusal {
    directory: Directory,
    again: Instant,
}

impl Eyes {
    pub(super) fn new(notices: Sender<Notice>, are_wanted: bool) -> Self {
        Self {
            notices,
            are_wanted,
            watcher: None,
            directory: None,
            refused: None,
        }
    }

    /// How often to look for oneself.
    pub(super) fn interval(&self, configured: Duration, alone: Duration) -> Duration {
        match self.are_wanted && self.directory.is_none() {
            true => configured.min(alone),
            false => configured,
        }
    }

    /// Listens to the directory that is there now. True when that is news: what happened to it
    /// before was not heard.
    pub(super) fn open(&mut self, files: &Files, directory: Option<Directory>) -> bool {
        if !self.are_wanted || (directory == self.directory && self.watcher.is_some()) {
            return false;
        }
        self.directory = None;
        // The old watch, if any, ends with the old watcher.
        self.watcher = None;
        let Some(directory) = directory else {
            return false;
        };
        let is_refused =
            |refusal: &Refusal| refusal.directory == directory && Instant::now() < refusal.again;
        if self.refused.as_ref().is_some_and(is_refused) {
            return false;
        }
        match self.watcher(files) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.directory = Some(directory);
                self.refused = None;
                true
            }
            Err(error) => {
                if self.refused.is_none() {
                    let path = files.dir.display();
                    tracing::warn!(
                        %path, %error,
                        "no notices of changes from the operating system: looking at the flags \
                         again and again instead"
                    );
                }
                let again = Instant::now() + RETRY;
                self.refused = Some(Refusal { directory, again });
                false
            }
        }
    }

    /// Forgets a directory that is gone: the next one may bear its number.
    pub(super) fn close(&mut self) {
        self.watcher = None;
        self.directory = None;
    }

    fn watcher(&self, files: &Files) -> notify::Result<RecommendedWatcher> {
        let notices = self.notices.clone();
        let document = files.document.clone();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let notice = match event {
                    Ok(event) => meaning(&event, &document),
                    Err(_) => Some(Notice::Stirred),
                };
                if let Some(notice) = notice {
                    // Fails when the thread that listens has ended.
                    let _ = notices.send(notice);
                }
            })?;
        watcher.watch(&files.dir, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    }
}

/// What an event says of the document. Reading must say nothing, or every look would cause the
/// next one.
fn meaning(event: &notify::Event, document: &Path) -> Option<Notice> {
    let is_done = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
        EventKind::Access(_) => return None,
        _ => false,
    };
    let mut names = event.paths.iter().filter_map(|path| path.file_name());
    if let EventKind::Remove(_) = event.kind
        && event
            .paths
            .iter()
            .any(|path| Some(&**path) == document.parent())
    {
        return Some(Notice::Gone);
    }
    if is_done
        && let Some(last) = names.clone().next_back()
        && (Some(last) == document.file_name() || last == SWAPPED)
    {
        return Some(Notice::Finished);
    }
    let is_elsewhere = names.clone().next().is_some()
        && names.all(|name| Some(name) != document.file_name() && is_other_file(name));
    (!is_elsewhere).then_some(Notice::Stirred)
}

/// The store's own files beside the document. Others may be links that lead to it.
fn is_other_file(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with("flags.json.")
            || name.starts_with("flags.history.")
            || name == "flags.lock"
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, RemoveKind};

    use super::*;

    fn said(kind: EventKind, names: &[&str]) -> Option<Notice> {
        let mut event = notify::Event::new(kind);
        event.paths = names
            .iter()
            .map(|name| Path::new("/dir").join(name))
            .collect();
        meaning(&event, Path::new("/dir/flags.json"))
    }

    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const READ: EventKind = EventKind::Access(AccessKind::Open(AccessMode::Any));
    const RENAMED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    const REMOVED: EventKind = EventKind::Remove(RemoveKind::Other);
    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));

    #[test]
    fn what_is_finished_is_told_from_what_goes_on() {
        for (kind, expected) in [
            (CLOSED, Some(Notice::Finished)),
            (RENAMED, Some(Notice::Finished)),
            (WRITTEN, Some(Notice::Stirred)),
            (EventKind::Create(CreateKind::File), Some(Notice::Stirred)),
            (REMOVED, Some(Notice::Stirred)),
            (READ, None),
        ] {
            assert_eq!(said(kind, &["flags.json"]), expected, "{kind:?}");
        }
    }

    #[test]
    fn the_files_beside_the_document_are_no_news() {
        for name in [
            "flags.json.tmp",
            "flags.json.good",
            "flags.history.jsonl",
            "flags.lock",
        ] {
            assert_eq!(said(CLOSED, &[name]), None, "{name}");
        }
        assert_eq!(said(RENAMED, &["..data"]), Some(Notice::Finished));
        let renamed_over = &["flags.json.tmp", "flags.json"];
        assert_eq!(said(RENAMED, renamed_over), Some(Notice::Finished));
        assert_eq!(
            said(EventKind::Other, &[]),
            Some(Notice::Stirred),
            "notices were lost"
        );
    }

    #[test]
    fn a_document_that_is_moved_aside_is_not_finished() {
        for names in [&["flags.json", "flags.json~"][..], &["flags.json~"]] {
            assert_eq!(said(RENAMED, names), Some(Notice::Stirred), "{names:?}");
        }
    }

    #[test]
    fn a_directory_that_is_removed_is_told_from_its_files() {
        assert_eq!(said(REMOVED, &[""]), Some(Notice::Gone));
        assert_eq!(said(REMOVED, &["..data"]), Some(Notice::Stirred));
    }
}
