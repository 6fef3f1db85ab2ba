//! SQLite's errors as those of a port: what happened, where, and what to do.

use std::fmt;
use std::path::Path;

use cutover_ports::{PortError, PortErrorKind};
use rusqlite::ffi;

/// What is being done, for error messages: an infinitive.
pub(crate) type Operation = &'static str;

const FULL: &str = "nothing was changed; free space and try again";
const FULL_BESIDE: &str = "nothing was changed; free space and try again: even to read, SQLite needs room \
                           for a file beside the database";
const ACCESS: &str = "give the user of this process read and write access to the database, and to \
                      its directory: SQLite keeps two more files beside it";
const DAMAGED: &str = "`cutover doctor` tells what is damaged; restore the database from a backup. \
                       Nothing has been overwritten";
const LOCAL: &str = "keep the database on a local disk: file systems across a network do not give \
                     what many processes need to share it";
const LOCKED: &str = "nothing was changed; try again, or find the program that keeps the database \
                      locked (`fuser` names those that have it open)";
const CUT: &str = "nothing was changed; end the programs that have the database open (`fuser` names \
                   them), so that the last one puts what it knows back, and try again; never remove \
                   the files that SQLite keeps beside a database";

/// An error of SQLite on the database at `path`.
pub(crate) fn sqlite(
    operation: Operation,
    path: &Path,
) -> impl FnOnce(rusqlite::Error) -> PortError {
    move |source| {
        let Some(failure) = source.sqlite_error().copied() else {
            return value(operation, path, source);
        };
        let (kind, advice) = match failure.code {
            ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked => {
                (PortErrorKind::Timeout, LOCKED)
            }
            ffi::ErrorCode::DiskFull | ffi::ErrorCode::TooBig => (PortErrorKind::Full, FULL),
            ffi::ErrorCode::NotADatabase => {
                let why = "it is not an SQLite database";
                let name = "name another file, or restore the database from a backup. Nothing has \
                            been overwritten";
                return corrupt(operation, path.display(), why)
                    .caused_by(source)
                    .advice(name);
            }
            ffi::ErrorCode::DatabaseCorrupt => (PortErrorKind::Corrupt, DAMAGED),
            ffi::ErrorCode::ReadOnly => (PortErrorKind::ReadOnly, ACCESS),
            ffi::ErrorCode::PermissionDenied => (PortErrorKind::PermissionDenied, ACCESS),
            ffi::ErrorCode::CannotOpen => return cannot_open(operation, path, source),
            // The file of the shared memory could not grow.
            ffi::ErrorCode::SystemIoFailure
                if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE =>
            {
                (PortErrorKind::Full, FULL_BESIDE)
            }
            ffi::ErrorCode::SystemIoFailure if is_about_sharing(failure.extended_code) => {
                (PortErrorKind::Unavailable, LOCAL)
            }
            ffi::ErrorCode::SystemIoFailure
                if failure.extended_code == ffi::SQLITE_IOERR_SHORT_READ =>
            {
                return PortError::new(PortErrorKind::Unavailable, operation)
                    .at(path.display())
                    .because("its write-ahead log ends too early: somebody removed or cut it")
                    .caused_by(source)
                    .advice(CUT);
            }
            // The tables are not what this program made.
            ffi::ErrorCode::Unknown | ffi::ErrorCode::ConstraintViolation => {
                (PortErrorKind::Corrupt, DAMAGED)
            }
            _ => (PortErrorKind::Unavailable, "try again, and check the disk"),
        };
        PortError::new(kind, operation)
            .at(path.display())
            .caused_by(source)
            .advice(advice)
    }
}

/// Whether SQLite could not lock the file, or share memory beside it.
fn is_about_sharing(extended_code: i32) -> bool {
    [
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_IOERR_UNLOCK,
        ffi::SQLITE_IOERR_RDLOCK,
        ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
        ffi::SQLITE_IOERR_SHMOPEN,
        ffi::SQLITE_IOERR_SHMLOCK,
        ffi::SQLITE_IOERR_SHMMAP,
    ]
    .contains(&extended_code)
}

/// A value that is not what its column should hold, or a path that SQLite cannot take.
fn value(operation: Operation, path: &Path, source: rusqlite::Error) -> PortError {
    match source {
        rusqlite::Error::NulError(_) | rusqlite::Error::InvalidPath(_) => {
            PortError::new(PortErrorKind::InvalidInput, operation)
                .at(path.display())
                .because("this is no name for a database")
                .caused_by(source)
        }
        source => {
            let why = source.to_string();
            corrupt(operation, path.display(), why).caused_by(source)
        }
    }
}

/// SQLite does not say why; the operating system does.
fn cannot_open(operation: Operation, path: &Path, source: rusqlite::Error) -> PortError {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    for place in [path, directory] {
        if let Err(refused) = may_write(place) {
            return PortError::io(operation, place.display(), refused).advice(ACCESS);
        }
    }
    PortError::new(PortErrorKind::Unavailable, operation)
        .at(path.display())
        .caused_by(source)
        .advice("try again; if it stays, raise the limit of open files of this process")
}

/// Asks without opening the file: closing it would drop the locks that SQLite holds on it.
#[cfg(unix)]
fn may_write(place: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(place, Access::READ_OK | Access::WRITE_OK)?)
}

#[cfg(not(unix))]
fn may_write(place: &Path) -> std::io::Result<()> {
    std::fs::metadata(place).map(drop)
}

/// What is stored at `place` is not what it should be.
pub(crate) fn corrupt(
    operation: Operation,
    place: impl fmt::Display,
    why: impl fmt::Display,
) -> PortError {
    PortError::new(PortErrorKind::Corrupt, operation)
        .at(place)
        .because(why)
        .advice(DAMAGED)
}

/// A commit of which SQLite did not say that it is on the disk.
pub(crate) fn unsettled(
    operation: Operation,
    path: &Path,
) -> impl FnOnce(rusqlite::Error) -> PortError {
    move |source| match source.sqlite_error_code() {
        // The transaction is rolled back, and no part of it can come back.
        Some(
            ffi::ErrorCode::DiskFull
            | ffi::ErrorCode::DatabaseBusy
            | ffi::ErrorCode::ReadOnly
            | ffi::ErrorCode::ConstraintViolation,
        ) => sqlite(operation, path)(source),
        _ => PortError::new(PortErrorKind::OutcomeUnknown, operation)
            .at(path.display())
            .because(format_args!(
                "the disk did not confirm the change ({source})"
            ))
            .caused_by(source)
            .advice("read again to see whether it was made, and check the disk"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_memory_that_cannot_grow_is_a_full_disk() {
        let error = |code| {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            sqlite("load flags", Path::new("x.db"))(failure)
        };
        let full = error(ffi::SQLITE_IOERR_SHMSIZE);
        assert_eq!(full.kind(), PortErrorKind::Full);
        assert!(full.to_string().contains("free space"), "{full}");
        let shared = error(ffi::SQLITE_IOERR_SHMMAP);
        assert_eq!(shared.kind(), PortErrorKind::Unavailable);
        assert!(shared.to_string().contains("local disk"), "{shared}");
    }
}
