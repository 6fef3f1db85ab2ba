//! The files of one store: where they are, and the right to write them.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cutover_ports::{PortError, PortErrorKind};

use super::config::FileFlagConfig;
use super::error::{self, Operation};
use super::state::{self, State, Text};
use super::{crash, replace};

/// How often a waiting writer tries the lock.
const LOCK_TRIES: [Duration; 2] = [Duration::from_micros(200), Duration::from_millis(1)];

/// The paths of the files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) dir: PathBuf,
    pub(super) document: PathBuf,
    pub(super) document_temporary: PathBuf,
    pub(super) history: PathBuf,
    pub(super) history_temporary: PathBuf,
    pub(super) good: PathBuf,
    pub(super) good_temporary: PathBuf,
    pub(super) lock: PathBuf,
}

impl Files {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            document: dir.join("flags.json"),
            document_temporary: dir.join("flags.json.tmp"),
            history: dir.join("flags.history.jsonl"),
            history_temporary: dir.join("flags.history.jsonl.tmp"),
            good: dir.join("flags.json.good"),
            good_temporary: dir.join("flags.json.good.tmp"),
            lock: dir.join("flags.lock"),
        }
    }

    /// Whether these files belong to whoever swaps a symbolic link: a rename over the link would
    /// cut the store off from its source.
    pub(super) fn are_read_only(&self) -> bool {
        let linked = fs::symlink_metadata(&self.document).is_ok_and(|found| found.is_symlink());
        linked || self.dir.iter().any(|part| part == "..data")
    }
}

/// The right to write the files: the lock, held until this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) files: Files,
    pub(super) operation: Operation,
    /// The text of the document as it was read or written last, to notice an edit since then.
    pub(super) seen: Option<Vec<u8>>,
    _lock: File,
}

impl Writer {
    /// Makes the directory if need be and waits for the lock.
    pub(super) fn new(operation: Operation, config: &FileFlagConfig) -> Result<Self, PortError> {
        Self::unless(operation, config, |_| Ok(()))
    }

    /// The same, unless it turns out while waiting that it is in vain.
    pub(super) fn unless(
        operation: Operation,
        config: &FileFlagConfig,
        mut is_in_vain: impl FnMut(&Files) -> Result<(), PortError>,
    ) -> Result<Self, PortError> {
        let files = Files::new(&config.dir);
        if files.are_read_only() {
            return Err(read_only(operation, &files));
        }
        create_private_directory(&files.dir).map_err(error::io(operation, &files.dir))?;
        // From here on a swapped directory link cannot tear the commit apart.
        let dir = fs::canonicalize(&files.dir).map_err(error::io(operation, &files.dir))?;
        let files = Files::new(&dir);
        if files.are_read_only() {
            return Err(read_only(operation, &files));
        }
        let lock = lock(operation, &files.lock, config.lock_timeout, || {
            is_in_vain(&files)
        })?;
        crash::point("locked").map_err(error::io(operation, &files.lock))?;
        Ok(Self {
            files,
            operation,
            seen: None,
            _lock: lock,
        })
    }

    /// What is stored now.
    pub(super) fn read(&mut self) -> Result<Option<State>, PortError> {
        let (state, text) = state::read_with_text(self.operation, &self.files)?.unzip();
        self.seen = text.map(|text: Text| text.bytes);
        Ok(state)
    }
}

fn read_only(operation: Operation, files: &Files) -> PortError {
    PortError::new(PortErrorKind::ReadOnly, operation)
        .at(files.document.display())
        .because("it is reached through a symbolic link, which somebody else swaps")
        .advice("change the flags where they come from, or use a directory of your own")
}

fn create_private_directory(dir: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(dir)
}

fn lock(
    operation: Operation,
    path: &Path,
    timeout: Duration,
    mut is_in_vain: impl FnMut() -> Result<(), PortError>,
) -> Result<File, PortError> {
    let start = Instant::now();
    let mut pauses = LOCK_TRIES.iter().copied();
    let mut pause = Duration::ZERO;
    loop {
        // Opened each time: the lock of a file that somebody deleted would protect nothing.
        let file = replace::open_to_append(path).map_err(error::io(operation, path))?;
        let locked = crash::point("locking")
            .map_err(TryLockError::Error)
            .and_then(|()| file.try_lock());
        match locked {
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(cause)) => return Err(error::no_lock(operation, path, cause)),
        }
        is_in_vain()?;
        if start.elapsed() >= timeout {
            return Err(PortError::new(PortErrorKind::Timeout, operation)
                .at(path.display())
                .because(format_args!(
                    "another writer has held the lock for {timeout:?}"
                ))
                .advice(
                    "find the process that has the file open, or try again; nothing was changed",
                ));
        }
        pause = pauses.next().unwrap_or(pause);
        std::thread::sleep(pause);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(file), Ok(named)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    (file.dev(), file.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    // An open file cannot be deleted here.
    true
}
