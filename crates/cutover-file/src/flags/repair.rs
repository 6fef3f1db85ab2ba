use std::fs;
use std::io;
use std::path::PathBuf;

use cutover_domain::flags::{ChangeRecord, FlagDocument, Revision};
use cutover_ports::{PortError, PortErrorKind};

use super::base::{self, Base, Good};
use super::config::FileFlagConfig;
use super::error::{self, Operation};
use super::files::{Files, Writer};
use super::history::History;
use super::state::{self, Text};
use super::{crash, document, replace};

pub(super) const REPAIR: Operation = "repair flags";
pub(super) const LAST_GOOD: Operation = "load the last good flags";

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The revision that is in force again: the newest that is known.
    pub revision: Revision,
    /// What it was made from.
    pub source: RepairSource,
    /// Where the unreadable file is now, if there was one.
    pub broken: Option<PathBuf>,
}

/// What flags were brought back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairSource {
    /// The good copy, with what the history has beyond it.
    GoodCopy,
    /// The history alone, from its first record on.
    History,
}

pub(super) fn repair(config: &FileFlagConfig) -> Result<Option<Repair>, PortError> {
    if is_whole(&Files::new(&config.dir))? {
        return Ok(None);
    }
    let mut writer = Writer::new(REPAIR, config)?;
    let files = &writer.files;
    // Somebody else may have repaired it while this waited for the lock.
    if is_whole(files)? {
        return Ok(None);
    }
    let text = Text::read(REPAIR, &files.document)?;
    if let Some(text) = &text
        && document::newer_schema(&text.bytes).is_some()
    {
        return Err(PortError::new(PortErrorKind::Unsupported, REPAIR)
            .at(files.document.display())
            .because("a newer version wrote it, so it is not broken")
            .advice("upgrade cutover"));
    }
    let Known {
        document,
        newest,
        source,
    } = known(REPAIR, files, text.as_ref())?;
    let broken = text
        .as_ref()
        .map(|text| keep_broken(files, &text.bytes))
        .transpose()
        .map_err(error::io(REPAIR, &files.document))?;
    writer.seen = text.map(|text| text.bytes);
    let written = writer
        .make_sure_of(Some(&newest))
        .and_then(|mut history| writer.put(&mut history, &document, &newest));
    if let Err(error) = written {
        // The file is still in its place, so each failed attempt would leave one more copy.
        if let Some(Kept { path, is_new: true }) = broken
            && error.kind() != PortErrorKind::OutcomeUnknown
        {
            let _ = fs::remove_file(path);
        }
        return Err(error);
    }
    Ok(Some(Repair {
        revision: newest.revision,
        source,
        broken: broken.map(|kept| kept.path),
    }))
}

/// The newest flags that are known without `flags.json`; `None` where they are not known for sure.
pub(super) fn last_good(files: &Files) -> Result<Option<FlagDocument>, PortError> {
    let text = Text::read(LAST_GOOD, &files.document)?;
    match known(LAST_GOOD, files, text.as_ref()) {
        Ok(known) => Ok(Some(known.document)),
        Err(error) if error.kind() == PortErrorKind::Corrupt => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest flags that are known though `flags.json` cannot be read.
struct Known {
    document: FlagDocument,
    /// The record of their revision.
    newest: ChangeRecord,
    source: RepairSource,
}

/// The newest flags that the good copy, the history and what is left of the document's text tell.
fn known(operation: Operation, files: &Files, text: Option<&Text>) -> Result<Known, PortError> {
    let history = History::open(operation, &files.history)?;
    let failed = || error::io(operation, &files.history);
    let tail = match &history {
        Some(history) => history.newest().map_err(failed())?,
        None => None,
    };
    let good = Good::read(operation, &files.good, tail.as_ref());
    let Some(newest) = base::newest_known(text, good.as_ref(), tail) else {
        return Err(nothing_left(
            files,
            "there is neither a good copy nor a history",
        ));
    };
    let source = match good {
        Some(_) => RepairSource::GoodCopy,
        None => RepairSource::History,
    };
    let unknown = good.as_ref().map(|good| good.unknown.clone());
    let base =
        Base::at(Some(&newest), good, history.as_ref(), &Default::default()).map_err(failed())?;
    if !base.is_certain {
        let why = "the history does not reach back far enough, and there is no good copy";
        return Err(nothing_left(files, why));
    }
    let document = FlagDocument {
        revision: newest.revision,
        updated_at: newest.time,
        flags: base.flags,
        unknown: unknown.unwrap_or_default(),
        ..FlagDocument::empty(newest.time)
    };
    document
        .validate()
        .map_err(|problems| nothing_left(files, &problems.to_string()))?;
    Ok(Known {
        document,
        newest,
        source,
    })
}

/// Whether the flags can be read; an error when they cannot be for a reason that no repair mends.
fn is_whole(files: &Files) -> Result<bool, PortError> {
    match state::read(REPAIR, files) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == PortErrorKind::Corrupt => Ok(false),
        Err(error) => Err(error),
    }
}

fn nothing_left(files: &Files, why: &str) -> PortError {
    PortError::new(PortErrorKind::Corrupt, REPAIR)
        .at(files.dir.display())
        .because(why)
        .advice("restore the directory from a backup, or move it away and start anew")
}

/// Where an unreadable document is kept.
struct Kept {
    path: PathBuf,
    /// Whether it was put there just now.
    is_new: bool,
}

/// Copies the unreadable document to the first free `flags.json.broken-N`, unless one of them is
/// that copy already.
fn keep_broken(files: &Files, text: &[u8]) -> io::Result<Kept> {
    let mut number = 1;
    loop {
        let path = files.dir.join(format!("flags.json.broken-{number}"));
        match path.symlink_metadata() {
            Ok(found) if found.is_file() && found.len() == text.len() as u64 => {
                if fs::read(&path).is_ok_and(|kept| kept == text) {
                    let is_new = false;
                    return Ok(Kept { path, is_new });
                }
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let copied = replace::create_like(&files.document, &path).and_then(|mut copy| {
                    crash::write_all("broken write", &mut copy, text)?;
                    copy.sync_all()
                });
                if let Err(error) = copied {
                    let _ = fs::remove_file(&path);
                    return Err(error);
                }
                let is_new = true;
                return Ok(Kept { path, is_new });
            }
            Err(error) => return Err(error),
        }
        number += 1;
    }
}
