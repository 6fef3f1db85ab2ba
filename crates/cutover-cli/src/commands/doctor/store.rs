//! What is looked at inside of a store of files: flags, history, lock.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use cutover_domain::flags::{ChangeRecord, FlagDocument, FlagKey};
use cutover_file::FileFlagStore;
use cutover_file::flags::{EXTERNAL, Inspection};
use cutover_ports::flags::{FlagStore, HistoryQuery};
use cutover_ports::{PortError, PortErrorKind};
use jiff::tz::TimeZone;

use super::{Check, counted};
use crate::commands::flag::{before, taken_back_in_words};
use crate::context::Context;
use crate::suggest::{carrying, command};

/// The flags, if they can be read, and what was found about them.
pub(super) fn all(
    context: &Context,
    store: &FileFlagStore,
    folder: &Path,
) -> (Option<FlagDocument>, Vec<Check>) {
    let document = pollster::block_on(store.load());
    let inspection = pollster::block_on(store.inspect());
    let newest = pollster::block_on(store.history(&HistoryQuery::newest(1)));
    let newest = newest.ok().and_then(|page| page.records.into_iter().next());
    let edited = match (&document, &inspection, &newest) {
        (Ok(Some(document)), Ok(found), Some(newest)) => edited(newest, document, found),
        _ => false,
    };
    let mut checks = vec![flags(store, &document, edited, &inspection)];
    checks.extend(newest.as_ref().and_then(taken_back));
    let document = document.ok().flatten();
    match &inspection {
        Ok(found) => checks.extend(history(found)),
        Err(error) => {
            checks.push(Check::fail(
                "history",
                carrying(&error.to_string()),
                "flags can be changed again once it is put right",
            ));
        }
    }
    checks.extend(
        document
            .as_ref()
            .and_then(|document| expired(context, document)),
    );
    checks.extend(lock(&folder.join("flags.lock")));
    (document, checks)
}

/// Whether the flags are as somebody edited them by hand, and no commit has written that down yet.
fn edited(newest: &ChangeRecord, document: &FlagDocument, found: &Inspection) -> bool {
    newest.actor == EXTERNAL && found.newest.is_none_or(|newest| document.revision > newest)
}

/// Changes that an edit by hand took back, because an older copy was edited.
fn taken_back(newest: &ChangeRecord) -> Option<Check> {
    let told = taken_back_in_words(newest)?;
    let undo = command(&["flag", "undo", "--to", &before(newest.revision)]);
    Some(Check::warn(
        "edit",
        told,
        format!(
            "`{}` shows what they were; `{undo}` takes the edit back as a whole",
            command(&["flag", "history"])
        ),
    ))
}

fn flags(
    store: &FileFlagStore,
    document: &Result<Option<FlagDocument>, PortError>,
    edited: bool,
    inspection: &Result<Inspection, PortError>,
) -> Check {
    let repair = command(&["doctor", "--repair"]);
    match document {
        Ok(None) => no_flags(),
        Ok(Some(document)) => {
            let count = counted(document.flags.len(), "flag");
            let edit = if edited {
                ", edited by hand since the last change"
            } else {
                ""
            };
            Check::ok(
                "flags",
                format!("{count} at revision {}{edit}", document.revision),
            )
        }
        Err(error) if error.kind() == PortErrorKind::Corrupt => Check::fail(
            "flags",
            carrying(&error.to_string()),
            match inspection {
                Err(_) => format!("put the history right first, then: {repair}"),
                Ok(found) if found.newer_schema.is_some() => {
                    "running applications go on with their last good flags: upgrade cutover".into()
                }
                Ok(_) if store.path().is_dir() => format!("move it away, then: {repair}"),
                Ok(found) if found.good_copy.max(found.newest).is_some() => {
                    format!("running applications go on with their last good flags: {repair}")
                }
                Ok(_) => "running applications go on with their last good flags: mend the file \
                          by hand, or restore it from a backup"
                    .to_owned(),
            },
        ),
        Err(error) => Check::fail(
            "flags",
            carrying(&error.to_string()),
            "no flag can be read until then",
        ),
    }
}

/// What is said where nothing was ever stored.
pub(super) const NO_FLAGS: &str = "there are none yet";

/// Nothing was ever stored.
pub(super) fn no_flags() -> Check {
    Check::warn(
        "flags",
        NO_FLAGS,
        format!(
            "{}, or {}",
            command(&["flag", "init", "--preset", "mdm"]),
            command(&["flag", "create", "KEY"])
        ),
    )
}

fn history(found: &Inspection) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(first) = found.damaged.first() {
        checks.push(Check::warn(
            "history",
            format!(
                "{} cannot be read; the first is line {}: {}",
                counted_u64(found.damaged_lines, "line"),
                first.line,
                first.why
            ),
            "they are left out; undo cannot reach past them. Restore the file from a backup, or remove \
             these lines to go on without them",
        ));
    }
    if let Some(gap) = found.gaps.first() {
        checks.push(Check::warn(
            "history",
            format!(
                "nothing is known between revision {} and {}",
                gap.after, gap.before
            ),
            "undo cannot reach past it; restore flags.history.jsonl from a backup",
        ));
    }
    // Flags that are only read here have their history elsewhere.
    if let Some(first) = found.starts_at.filter(|first| first.number() > 1)
        && !found.is_read_only
    {
        checks.push(Check::warn(
            "history",
            format!(
                "the history starts at revision {first}: what came before was compacted or lost"
            ),
            "undo cannot reach before it; if nobody compacted it, restore flags.history.jsonl \
             from a backup",
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "history",
            match (found.oldest, found.newest) {
                (Some(oldest), Some(newest)) => format!("revisions {oldest} to {newest}"),
                _ => "empty".to_owned(),
            },
        ));
    }
    if found.is_read_only {
        checks.push(Check::ok(
            "read-only",
            "the store is swapped by a symbolic link: flags are read here, and changed elsewhere",
        ));
    }
    checks
}

pub(super) fn counted_u64(count: u64, what: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), what)
}

/// Flags that should be gone.
pub(super) fn expired(context: &Context, document: &FlagDocument) -> Option<Check> {
    let today = context.now().to_zoned(TimeZone::UTC).date();
    let expired: Vec<_> = document
        .flags
        .iter()
        .filter(|(_, flag)| flag.expires.is_some_and(|expires| expires < today))
        .map(|(key, _)| FlagKey::as_str(key))
        .collect();
    (!expired.is_empty()).then(|| {
        Check::warn(
            "expired",
            format!("these flags should be gone: {}", expired.join(", ")),
            "take them out of the code, then out of the store",
        )
    })
}

/// A lock is held for the milliseconds of one change; one that stays is a process that hangs.
fn lock(path: &Path) -> Option<Check> {
    // Opening a pipe would wait for a writer.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Some(Check::fail(
            "lock",
            format!("{} is not a file", path.display()),
            "move it away: the next change makes the lock anew",
        ));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        // No change was ever made here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            return Some(Check::fail(
                "lock",
                format!("{}: {error}", path.display()),
                "make it readable and writable for this user",
            ));
        }
    };
    Some(match file.try_lock() {
        Ok(()) => Check::ok("lock", "free"),
        Err(TryLockError::WouldBlock) => Check::warn(
            "lock",
            "another process is changing the flags right now",
            format!(
                "if it stays, look for a hanging process: fuser {}",
                path.display()
            ),
        ),
        Err(TryLockError::Error(error)) => Check::warn(
            "lock",
            format!("{}: {error}", path.display()),
            "if this file system cannot lock files, flags can be read here, but not changed: keep \
             them on a local disk",
        ),
    })
}
