//! The store.

use std::fs::{self, DirBuilder, DirEntry, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use cutover_domain::metrics::ProcessState;
use cutover_ports::metrics::{LoadedStates, MetricsStateStore, RETENTION};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;
use serde::Deserialize;

use super::name::file_name;

const PUBLISH: &str = "publish metrics";
const LOAD: &str = "load the metrics of other processes";

/// The largest state that is read: what is larger was not written by a recorder.
const MAX_BYTES: u64 = 64 << 20;

const TEMPORARY: &str = ".publishing-";

/// States as files of a directory; see the [module](super).
#[derive(Clone, Debug)]
pub struct FileStateStore {
    directory: PathBuf,
}

impl FileStateStore {
    /// The store in `directory`, which is made when the first state is published.
    #[must_use]
    pub fn open(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn replace(&self, state: &ProcessState) -> io::Result<()> {
        private_directory(&self.directory)?;
        // Private to the user, and gone again when anything fails.
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&self.directory)?;
        let mut text = serde_json::to_vec(state)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.persist(self.directory.join(file_name(&state.process)))?;
        Ok(())
    }

    /// Removes states, and remains of writers that were killed, that nobody has touched for the
    /// time of retention. What fails here is tried again in a few seconds.
    fn remove_expired(&self, now: Timestamp) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let ours = is_state(&entry) || starts_with(&entry, TEMPORARY);
            if ours && touched(&entry).is_some_and(|touched| is_expired(touched, now)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl MetricsStateStore for FileStateStore {
    fn publish(&self, state: &ProcessState) -> Result<(), PortError> {
        self.replace(state).map_err(|error| {
            PortError::io(PUBLISH, self.directory.display(), error).advice(
                "give the user of this process a home it can write, or the figures of this \
                 process stay its own",
            )
        })?;
        self.remove_expired(state.written);
        Ok(())
    }

    fn load(&self, now: Timestamp) -> Result<LoadedStates, PortError> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(LoadedStates::default()),
            entries => entries,
        };
        let cannot_list = |error| PortError::io(LOAD, self.directory.display(), error);
        let mut loaded = LoadedStates::default();
        for entry in entries.map_err(cannot_list)? {
            let entry = entry.map_err(cannot_list)?;
            if is_state(&entry) {
                match read(&entry.path()) {
                    Ok(Some(state)) if !is_expired(state.written, now) => loaded.states.push(state),
                    Ok(_) => {}
                    // A file that nobody touches any more is not worth a warning every time.
                    Err(_) if touched(&entry).is_some_and(|at| is_expired(at, now)) => {}
                    Err(fault) => loaded.faults.push(fault),
                }
            }
        }
        loaded.states.sort_by(|a, b| a.process.cmp(&b.process));
        Ok(loaded)
    }
}

/// The state in a file; `None` when the file is gone meanwhile.
fn read(path: &Path) -> Result<Option<ProcessState>, PortError> {
    let fault = |why: &dyn std::fmt::Display| {
        PortError::new(PortErrorKind::Corrupt, LOAD)
            .at(path.display())
            .because(why)
            .advice("its process replaces it within seconds if it runs; else remove the file")
    };
    // A link, a pipe or a device is nothing that a process has published here.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(fault(&"it is not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PortError::io(LOAD, path.display(), error)),
    }
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text)) {
        Ok(_) if text.len() as u64 > MAX_BYTES => {
            return Err(fault(&format_args!(
                "it is larger than {} MiB",
                MAX_BYTES >> 20
            )));
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PortError::io(LOAD, path.display(), error)),
    }
    /// Every version has this much.
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let unreadable = |error: serde_json::Error| fault(&error);
    let version: Version = serde_json::from_slice(&text).map_err(unreadable)?;
    if version.schema > ProcessState::SCHEMA {
        let newer = format_args!(
            "it has schema {}, and this program knows {}: a newer cutover wrote it",
            version.schema,
            ProcessState::SCHEMA
        );
        return Err(PortError::new(PortErrorKind::Corrupt, LOAD)
            .at(path.display())
            .because(newer)
            .advice("read it with the newer version"));
    }
    serde_json::from_slice(&text).map(Some).map_err(unreadable)
}

fn is_state(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.as_encoded_bytes();
    name.ends_with(b".json") && !name.starts_with(b".")
}

fn starts_with(entry: &DirEntry, prefix: &str) -> bool {
    entry
        .file_name()
        .as_encoded_bytes()
        .starts_with(prefix.as_bytes())
}

/// When a regular file was written last.
fn touched(entry: &DirEntry) -> Option<Timestamp> {
    // Of a link itself, not of what it leads to.
    let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    metadata.modified().ok()?.try_into().ok()
}

fn is_expired(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > RETENTION.try_into().unwrap_or(jiff::SignedDuration::MAX)
}

fn private_directory(directory: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}
