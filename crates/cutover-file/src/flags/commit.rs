//! Commits: one durable step from a state to the next.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cutover_domain::flags::{ChangeRecord, Definition, FlagDocument, FlagKey};
use cutover_ports::flags::Commit;
use cutover_ports::{PortError, PortErrorKind};

use super::config::FileFlagConfig;
use super::error::{self, Operation};
use super::files::{Files, Writer};
use super::history::{self, HistoryWriter};
use super::replace::{self, Failed};
use super::state::{self, LARGEST_DOCUMENT, Origin, State, Text};
use super::{crash, document, sealed};

const COMMIT: Operation = "commit flags";

/// Makes a commit. `presented` is the edit by hand that the caller was last told of.
pub(super) fn commit(
    config: &FileFlagConfig,
    commit: &Commit,
    presented: Option<&ChangeRecord>,
) -> Result<(), PortError> {
    commit.check()?;
    commit.document.validate().map_err(|problems| {
        PortError::new(PortErrorKind::InvalidInput, COMMIT).because(problems)
    })?;
    let mut writer = Writer::unless(COMMIT, config, overtaken_while_waiting(commit))?;
    let mut state = writer.read()?;
    if let (Some(found), Some(presented)) = (&state, presented)
        && commit.expected == presented.revision
        && is_another_edit(found, presented)
    {
        // The flags were edited again since the caller read them. Both edits become revisions, and
        // the caller gets the conflict that it would have had with any other writer.
        let mut history = writer.make_sure_of(found.committed())?;
        writer.append(&mut history, presented)?;
        history.sync()?;
        state = writer.read()?;
    }
    let current = state
        .as_ref()
        .map_or_else(Default::default, |state| state.document.revision);
    commit.check_against(current)?;
    let nothing = BTreeMap::new();
    let found = state
        .as_ref()
        .map_or(&nothing, |state| &state.document.flags);
    if !is_made_from(commit, found) {
        return Err(taken_revision(&writer, commit));
    }
    let mut history = writer.settle(state.as_ref())?;
    writer.put(&mut history, &commit.document, &commit.record)
}

/// Finds out, for one who waits for the lock, that the writers before him have made his change a
/// late one. He need not have the lock to be told so, and they all get on the sooner.
fn overtaken_while_waiting(commit: &Commit) -> impl FnMut(&Files) -> Result<(), PortError> {
    let mut looked_at = None;
    move |files| {
        let found = fs::metadata(&files.document).and_then(|found| found.modified());
        let found = found.ok();
        if found == looked_at {
            return Ok(());
        }
        looked_at = found;
        // Trouble will be met again under the lock, and is told of then.
        let state = state::read(COMMIT, files).ok().flatten();
        match state.as_ref().and_then(State::committed) {
            Some(made) if made.revision > commit.expected => commit.check_against(made.revision),
            _ => Ok(()),
        }
    }
}

fn is_another_edit(found: &State, presented: &ChangeRecord) -> bool {
    matches!(found.origin, Origin::Edit { .. })
        && found.newest.revision == presented.revision
        && found.newest.changes != presented.changes
}

/// Whether `found` are the flags that the change was made from. A number alone does not tell: an
/// edit by hand is shown as the next revision before anybody has written it down, and a writer
/// that had the lock before the edit may replace the file and take the same number.
fn is_made_from(commit: &Commit, found: &BTreeMap<FlagKey, Definition>) -> bool {
    let mut flags: BTreeMap<_, _> = found.iter().collect();
    for change in &commit.record.changes {
        let before = match &change.after {
            Some(after) => flags.insert(&change.key, after),
            None => flags.remove(&change.key),
        };
        if before != change.before.as_ref() {
            return false;
        }
    }
    flags.into_iter().eq(&commit.document.flags)
}

fn taken_revision(writer: &Writer, commit: &Commit) -> PortError {
    let revision = commit.expected.number();
    let (expected, actual) = (revision, revision);
    PortError::new(PortErrorKind::Conflict { expected, actual }, COMMIT)
        .at(writer.files.document.display())
        .because(format_args!(
            "an edit by hand was taken for revision {revision}; another change has become revision \
             {revision}"
        ))
        .advice("nothing was changed; load the flags again")
}

impl Writer {
    /// Writes down everything that is known of the newest revision, an edit by hand too, so that
    /// the document may be replaced.
    pub(super) fn settle(&self, state: Option<&State>) -> Result<HistoryWriter, PortError> {
        let mut history = self.make_sure_of(state.and_then(State::committed))?;
        if let Some(state) = state.filter(|state| state.is_edited()) {
            self.keep_good_copy(state)?;
            self.append(&mut history, &state.newest)?;
            history.sync()?;
        }
        Ok(history)
    }

    /// Makes the good copy tell what a state is, durably: which revision, and all of its flags.
    ///
    /// From then on the flags in the document are that revision, also where its own fields tell
    /// of an earlier one because an editor left them as they were.
    pub(super) fn keep_good_copy(&self, state: &State) -> Result<(), PortError> {
        let line = sealed::seal(&state.newest).map_err(error::unwritable(self.operation))?;
        let text =
            document::render(&state.document, &line).map_err(error::unwritable(self.operation))?;
        let (good, temporary) = (&self.files.good, &self.files.good_temporary);
        replace::replace(good, temporary, &text)
            .map_err(|failed| error::io(self.operation, good)(failed.into_cause()))
    }

    /// The history, ending with a whole line, with `last` in it, and on the disk.
    ///
    /// The document is about to be replaced, and with it the only other copy of `last`.
    pub(super) fn make_sure_of(
        &self,
        last: Option<&ChangeRecord>,
    ) -> Result<HistoryWriter, PortError> {
        let mut history = HistoryWriter::open(self.operation, &self.files.history)?;
        if let Some(last) = last {
            crash::point("history last").map_err(error::io(self.operation, &self.files.history))?;
            self.append(&mut history, last)?;
        }
        history.sync()?;
        Ok(history)
    }

    pub(super) fn append(
        &self,
        history: &mut HistoryWriter,
        record: &ChangeRecord,
    ) -> Result<(), PortError> {
        let line = sealed::seal(record).map_err(error::unwritable(self.operation))?;
        history.append(record, line.get())
    }

    /// Replaces the document, then adds its record to the history and refreshes the good copy.
    ///
    /// The change is made, durably, once the document is replaced. What comes after may fail: the
    /// document holds the record, and the next writer makes sure of it.
    ///
    /// An editor takes no lock. What it saved since the document was read is not written over: the
    /// file is looked at once more right before the rename, and only what is saved in the
    /// microseconds between the two can still be lost.
    pub(super) fn put(
        &mut self,
        history: &mut HistoryWriter,
        document: &FlagDocument,
        record: &ChangeRecord,
    ) -> Result<(), PortError> {
        let line = sealed::seal(record).map_err(error::unwritable(self.operation))?;
        let text = document::render(document, &line).map_err(error::unwritable(self.operation))?;
        let files = &self.files;
        history::fits(self.operation, &files.history, line.get())?;
        if text.len() > LARGEST_DOCUMENT {
            let (path, most) = (&files.document, LARGEST_DOCUMENT);
            let error = error::too_large(self.operation, path, "the flags", text.len(), most);
            return Err(
                error.advice("nothing was changed; keep fewer flags and rules in one store")
            );
        }
        let still_read = || Ok(Text::bytes_of(&files.document)? == self.seen);
        let (target, temporary) = (&files.document, &files.document_temporary);
        replace::replace_if(still_read, target, temporary, &text).map_err(
            |failed| match failed {
                Failed::Overtaken => overtaken(self.operation, &files.document, record),
                Failed::Before(cause) => error::io(self.operation, &files.document)(cause),
                Failed::Unsettled(cause) => {
                    PortError::new(PortErrorKind::OutcomeUnknown, self.operation)
                        .at(files.document.display())
                        .because(format_args!(
                            "revision {} is in place, but the disk did not confirm it ({cause})",
                            document.revision
                        ))
                        .advice("load the flags to see whether they stayed, and check the disk")
                }
            },
        )?;
        if let Err(error) = history.append(record, line.get()) {
            tracing::warn!(%error, "the next commit will add the record to the history");
        }
        if let Err(error) = replace::replace_cheaply(&files.good, &files.good_temporary, &text) {
            let path = files.good.display();
            tracing::warn!(%path, %error, "the good copy of the flags is not fresh");
        }
        self.seen = Some(text);
        Ok(())
    }
}

fn overtaken(operation: Operation, path: &Path, record: &ChangeRecord) -> PortError {
    // What was found there is the revision that was about to be written.
    let actual = record.revision.number();
    let expected = actual.saturating_sub(1);
    PortError::new(PortErrorKind::Conflict { expected, actual }, operation)
        .at(path.display())
        .because("somebody changed the file by hand while it was about to be replaced")
        .advice("nothing was overwritten; load the flags again")
}
