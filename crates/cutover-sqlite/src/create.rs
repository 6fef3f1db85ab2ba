//! Making a database: whole, under another name, and then in its place.
//!
//! An empty or half made file at the place of the database would look like one that was truncated.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use cutover_ports::{PortError, PortErrorKind};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempPath;

use crate::database::Database;
use crate::error::{self, Operation};
use crate::migrations;

/// The path of a file that SQLite keeps beside a database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes the database, private to the user, and its directory. When somebody else is first, theirs
/// stays.
pub(crate) fn create(operation: Operation, database: &Database) -> Result<(), PortError> {
    let path = &database.path;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |cause| {
        let error = PortError::io(operation, path.display(), cause);
        match error.kind() {
            PortErrorKind::PermissionDenied | PortErrorKind::ReadOnly => {
                error.advice("give the user of this process write access to the directory")
            }
            PortErrorKind::Full => error.advice("nothing was changed; free space and try again"),
            _ => error,
        }
    };
    let new = private_directory(directory)
        .and_then(|()| new_file(path, directory))
        .map_err(failed)?;
    fill(database, &new).map_err(error::sqlite(operation, path))?;
    match new.persist_noclobber(path) {
        Ok(()) => sync_directory(directory).map_err(failed),
        // Somebody else was first, with a database as good as this one.
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(refused) => Err(failed(refused.error)),
    }
}

fn private_directory(directory: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

/// An empty file that only the user may read; SQLite gives the files beside it the same mode.
fn new_file(path: &Path, directory: &Path) -> io::Result<TempPath> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".new")
        .tempfile_in(directory)
        .map(tempfile::NamedTempFile::into_temp_path)
}

fn fill(database: &Database, path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection = Connection::open_with_flags(path, flags)?;
    database.set_up(&connection)?;
    // So that a compaction can give space back.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    migrations::found(&mut connection)?;
    // The last step: until here, everything is in the file itself and on the disk.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.close().map_err(|(_, error)| error)
}

/// Makes a new name in a directory survive a loss of power.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

/// Directories cannot be synced here; the file system orders its own metadata.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
