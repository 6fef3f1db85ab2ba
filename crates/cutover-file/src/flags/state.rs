//! What the files say together: the flags, their revision, and whether somebody edited them.
//!
//! The flags in `flags.json` are always right. Which revision they are is not left to the fields
//! that an editor, a restored backup or a copy from elsewhere may have changed: those count only
//! where the history and the good copy agree.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use cutover_domain::flags::{ChangeRecord, FlagDocument, KeyChange, Revision, SCHEMA, digest};
use cutover_ports::{PortError, PortErrorKind};
use jiff::Timestamp;

use super::base::{self, Base, Good};
use super::document::{self, Stored};
use super::error::{self, Operation};
use super::files::Files;
use super::history::{History, Line};
use super::undone::Undone;

/// The actor of changes that were made to `flags.json` from outside.
pub const EXTERNAL: &str = "external";

/// How often a reader starts again because somebody changed the files under it.
const ATTEMPTS: usize = 100;

/// No set of flags that people work with comes near; what is larger is neither written nor read into
/// memory. Unit tests meet a smaller limit.
pub(super) const LARGEST_DOCUMENT: usize = if cfg!(test) { 4 << 20 } else { 256 << 20 };

/// The state of a store at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// The flags at the revision that every reader sees.
    pub(super) document: FlagDocument,
    /// The record of that revision.
    pub(super) newest: ChangeRecord,
    pub(super) origin: Origin,
    /// The digest of the flags.
    pub(super) digest: String,
    /// Where neither a history nor a good copy stands for the record: the digest of the flags that
    /// it was made from. From other flags than these it does not lead here.
    pub(super) made_from: Option<String>,
}

/// Who made the newest revision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    Commit,
    /// An edit by hand that nobody has written down yet.
    Edit {
        /// The record of the revision before, if there was one.
        after: Option<Box<ChangeRecord>>,
    },
}

impl State {
    pub(super) fn is_edited(&self) -> bool {
        matches!(self.origin, Origin::Edit { .. })
    }

    /// The record of the newest revision that a commit made.
    pub(super) fn committed(&self) -> Option<&ChangeRecord> {
        match &self.origin {
            Origin::Commit => Some(&self.newest),
            Origin::Edit { after } => after.as_deref(),
        }
    }

    /// The newest records, newest first; the last ones may not have reached the history file yet.
    pub(super) fn head(&self) -> impl Iterator<Item = &ChangeRecord> {
        let edit = self.is_edited().then_some(&self.newest);
        edit.into_iter().chain(self.committed())
    }
}

/// Reads the files without a lock; `None` when nothing was ever stored.
///
/// The history is read first: a commit writes the document before the history, so a history that
/// is ahead of a document read later means that somebody put an old document back.
pub(super) fn read(operation: Operation, files: &Files) -> Result<Option<State>, PortError> {
    Ok(read_with_text(operation, files)?.map(|(state, _)| state))
}

/// The same, with the text of the document that it was read from.
pub(super) fn read_with_text(
    operation: Operation,
    files: &Files,
) -> Result<Option<(State, Text)>, PortError> {
    for _ in 0..ATTEMPTS {
        let tail = newest_in_history(operation, files);
        let Some(text) = Text::read(operation, &files.document)? else {
            if !has_traces(operation, files)? {
                return Ok(None);
            }
            if files.document.exists() {
                continue;
            }
            return Err(missing(operation, files));
        };
        let newest = tail.as_ref().ok().and_then(Option::as_ref);
        let stored = Stored::parse(operation, &files.document, &text.bytes, newest);
        let stored = stored.map_err(|error| {
            let is_newer = document::newer_schema(&text.bytes).is_some();
            if is_newer || newest.is_some() || Good::read(operation, &files.good, None).is_some() {
                return error;
            }
            // Nothing to repair it from.
            error.advice(
                "mend the file by hand, or restore it from a backup: neither a good copy nor a \
                 history is left. Nothing has been overwritten",
            )
        })?;
        if stored.is_as_committed()
            && let Some(last) = &stored.last
            && newest.is_some_and(|newest| newest.record == *last)
        {
            let last = last.clone();
            return Ok(Some((committed(stored, last), text)));
        }
        let history = match tail {
            Ok(_) => History::open(operation, &files.history)?,
            Err(trouble) if is_known_without_history(operation, files, &stored) => {
                tracing::debug!(%trouble, "the flags are read without their history");
                None
            }
            Err(trouble) => return Err(trouble),
        };
        let state = judge(operation, files, stored, text.modified, history.as_ref())?;
        if Text::read(operation, &files.document)?.as_ref() == Some(&text) {
            return Ok(Some((state, text)));
        }
    }
    Err(PortError::new(PortErrorKind::Unavailable, operation)
        .at(files.document.display())
        .because("it changes faster than it can be read")
        .advice("find out who keeps writing to it"))
}

fn committed(stored: Stored, mut newest: ChangeRecord) -> State {
    // What the record tells of a flag is mostly what the flag is; a large one is then kept once.
    for change in &mut newest.changes {
        if let Some(after) = &mut change.after
            && let Some(flag) = stored.flags.get(&change.key)
            && after == flag
        {
            after.clone_from(flag);
        }
    }
    let updated_at = stored.updated_at.unwrap_or(newest.time);
    State {
        digest: stored.actual_digest.clone(),
        made_from: None,
        document: document(stored, newest.revision, updated_at),
        newest,
        origin: Origin::Commit,
    }
}

/// Says of a state whose record nothing stands for what the record was made from.
fn doubted(operation: Operation, state: State) -> Result<State, PortError> {
    let mut flags = state.document.flags.clone();
    for change in &state.newest.changes {
        base::put(&mut flags, &change.key, change.before.as_ref());
    }
    Ok(State {
        made_from: Some(digest(&flags).map_err(error::unwritable(operation))?),
        ..state
    })
}

fn document(stored: Stored, revision: Revision, updated_at: Timestamp) -> FlagDocument {
    FlagDocument {
        schema: SCHEMA,
        revision,
        updated_at,
        flags: stored.flags,
        unknown: stored.unknown,
    }
}

/// Weighs the document against the history and the good copy, where it is not plainly the text of
/// the newest commit.
fn judge(
    operation: Operation,
    files: &Files,
    stored: Stored,
    modified: Timestamp,
    history: Option<&History>,
) -> Result<State, PortError> {
    let failed = || error::io(operation, &files.history);
    let tail = match history {
        Some(history) => history.newest().map_err(failed())?,
        None => None,
    };
    let good = Good::read(operation, &files.good, tail.as_ref());
    let last = stored
        .last
        .as_ref()
        .filter(|last| is_ours(last, &stored, tail.as_ref(), good.as_ref()));
    let newest = [last, good.as_ref().map(|good| &good.last), tail.as_ref()]
        .into_iter()
        .flatten()
        .max_by_key(|record| record.revision)
        .cloned();
    if stored.is_as_committed()
        && last.is_some()
        && let Some(newest) = newest.as_ref().filter(|newest| last == Some(newest))
    {
        let state = committed(stored, newest.clone());
        return if tail.is_some() || good.is_some() {
            Ok(state)
        } else {
            doubted(operation, state)
        };
    }
    let is_backed = tail.is_some() || good.is_some();
    let base = Base::at(newest.as_ref(), good, history, &stored.flags).map_err(failed())?;
    let changes = KeyChange::between(&base.flags, &stored.flags);
    // A digest that does not fit proves an edit, also where it is not known what it changed.
    let proven = !base.is_certain && stored.digest.is_some() && !stored.is_as_committed();
    let is_backed = is_backed && base.is_certain;
    let digest = stored.actual_digest.clone();
    let state = match newest {
        Some(newest) if changes.is_empty() && !proven => State {
            document: document(stored, newest.revision, newest.time),
            newest,
            origin: Origin::Commit,
            digest,
            made_from: None,
        },
        after => {
            let revision = match &after {
                Some(record) => record.revision.next(),
                // Nobody can commit here, so the number that the source gives is as good as any.
                None if files.are_read_only() => {
                    stored.claimed.unwrap_or_default().max(Revision::new(1))
                }
                None => Revision::new(1),
            };
            let undone = match &after {
                Some(newest) => Undone::by(&stored, newest, history).map_err(failed())?,
                None => None,
            };
            let mut newest = ChangeRecord {
                revision,
                time: modified,
                actor: EXTERNAL.to_owned(),
                reason: Some("flags.json was changed outside of cutover".to_owned()),
                changes,
                unknown: Default::default(),
            };
            if let Some(undone) = undone {
                undone.tell(&mut newest);
            }
            if !base.is_certain {
                tell_incomplete(&mut newest);
            }
            State {
                newest,
                document: document(stored, revision, modified),
                origin: Origin::Edit {
                    after: after.map(Box::new),
                },
                digest,
                made_from: None,
            }
        }
    };
    if is_backed {
        Ok(state)
    } else {
        doubted(operation, state)
    }
}

/// Says of the record of an edit that more may have changed than it tells.
fn tell_incomplete(record: &mut ChangeRecord) {
    record.reason.get_or_insert_default().push_str(
        "; it may have changed more than is told: the good copy was gone, and the history does not \
         reach back",
    );
    record.mark_incomplete();
}

/// Whether the record in the document belongs to this history, and not to a document that was
/// copied here from another store.
fn is_ours(
    last: &ChangeRecord,
    stored: &Stored,
    tail: Option<&ChangeRecord>,
    good: Option<&Good>,
) -> bool {
    if tail == Some(last) || good.is_some_and(|good| good.last == *last) {
        return true;
    }
    if let Some(tail) = tail
        && last.revision != tail.revision.next()
    {
        // Each commit makes sure of the record before, so the history lacks one at most.
        return false;
    }
    match good {
        Some(good) if good.last.revision.next() == last.revision => good.leads_to(last, stored),
        Some(good) => good.last.revision < last.revision,
        None => true,
    }
}

/// Whether the document and the good copy agree on the newest commit, or on the flags after an
/// edit that was written down. Then a history that cannot be read has no say: neither an older
/// document put back nor an edit by hand is taken for another revision than it is.
fn is_known_without_history(operation: Operation, files: &Files, stored: &Stored) -> bool {
    let good = Good::read(operation, &files.good, None);
    good.is_some_and(|good| stored.last.as_ref() == Some(&good.last) || stored.flags == good.flags)
}

fn newest_in_history(operation: Operation, files: &Files) -> Result<Option<Line>, PortError> {
    match History::open(operation, &files.history)? {
        Some(history) => history
            .newest_line()
            .map_err(error::io(operation, &files.history)),
        None => Ok(None),
    }
}

/// Whether there must have been a document.
fn has_traces(operation: Operation, files: &Files) -> Result<bool, PortError> {
    let history = match fs::metadata(&files.history) {
        // Also what cannot be opened is a trace.
        Ok(found) => !found.is_file() || found.len() > 0,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => false,
        Err(cause) => return Err(error::io(operation, &files.history)(cause)),
    };
    // A link that leads nowhere is no absence.
    Ok(history || files.good.exists() || files.document.is_symlink())
}

fn missing(operation: Operation, files: &Files) -> PortError {
    error::corrupt(
        operation,
        files.document.display(),
        "the file is missing, but there were flags: its history, good copy or link is there",
    )
    .advice(
        "put the file back, or bring the last good flags back with `cutover doctor --repair`; \
         nothing has been overwritten",
    )
}

/// A file's text with the time of its last change.
#[derive(Debug, PartialEq)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    pub(super) modified: Timestamp,
}

impl Text {
    /// The bytes of a file alone, as they are this moment; `None` when it is not there.
    pub(super) fn bytes_of(path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::metadata(path) {
            // What takes the place of a file is no text that was read here.
            Ok(found) if !found.is_file() => return Ok(Some(Vec::new())),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause),
        }
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// Reads a whole file; `None` when it is not there.
    pub(super) fn read(operation: Operation, path: &Path) -> Result<Option<Self>, PortError> {
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(error::io(operation, path)(cause)),
        };
        // Opening a pipe would wait for a writer.
        if !found.is_file() {
            return Err(error::no_file(operation, path));
        }
        let read = || {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.len() > LARGEST_DOCUMENT as u64 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "{} bytes are no set of flags: there are at most {LARGEST_DOCUMENT}",
                        metadata.len()
                    ),
                ));
            }
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            let modified = Timestamp::try_from(metadata.modified()?);
            Ok(Self {
                bytes,
                modified: modified.unwrap_or(Timestamp::UNIX_EPOCH),
            })
        };
        match read() {
            Ok(text) => Ok(Some(text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(error::io(operation, path)(cause)),
        }
    }
}
