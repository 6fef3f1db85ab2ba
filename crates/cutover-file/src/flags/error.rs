//! The errors of the file store: what happened, where, and what to do.

use std::fmt;
use std::io;
use std::path::Path;

use cutover_domain::flags::Problems;
use cutover_ports::{PortError, PortErrorKind};

/// What is being done, for error messages: an infinitive.
pub(super) type Operation = &'static str;

const REPAIR: &str = "mend the file by hand, or bring the last good flags back with \
                      `cutover doctor --repair`; nothing has been overwritten";

/// An error of the operating system on `path`.
pub(super) fn io(operation: Operation, path: &Path) -> impl FnOnce(io::Error) -> PortError {
    move |source| {
        let says_what_to_do = source.get_ref().is_some();
        let is_no_directory = source.kind() == io::ErrorKind::NotADirectory;
        let error = PortError::io(operation, path.display(), source);
        match error.kind() {
            PortErrorKind::ReadOnly if says_what_to_do => error,
            PortErrorKind::PermissionDenied => {
                error.advice("give the user of this process access to the directory and its files")
            }
            PortErrorKind::Full => error.advice("nothing was changed; free space and try again"),
            PortErrorKind::ReadOnly => {
                error.advice("flags can be read here; change them where the directory is writable")
            }
            _ if is_no_directory => error.advice("flags are kept in a directory: name another one"),
            _ => error,
        }
    }
}

/// What nobody could read again once it was written.
pub(super) fn too_large(
    operation: Operation,
    path: &Path,
    what: &str,
    bytes: usize,
    most: usize,
) -> PortError {
    PortError::new(PortErrorKind::InvalidInput, operation)
        .at(path.display())
        .because(format_args!(
            "{what} would take {bytes} bytes there, and at most {most} are read again"
        ))
}

/// A lock that the operating system does not give, other than because somebody else has it.
pub(super) fn no_lock(operation: Operation, path: &Path, cause: io::Error) -> PortError {
    /// `ENOLCK`: a network file system without its lock service.
    const NO_LOCK_SERVICE: i32 = if cfg!(target_os = "linux") { 37 } else { 77 };
    let is_impossible = cause.kind() == io::ErrorKind::Unsupported
        || (cfg!(unix) && cause.raw_os_error() == Some(NO_LOCK_SERVICE));
    if !is_impossible {
        return io(operation, path)(cause);
    }
    PortError::new(PortErrorKind::Unsupported, operation)
        .at(path.display())
        .because(format_args!(
            "this file system cannot lock files ({cause}), and without a lock one writer would \
             undo what another has done"
        ))
        .advice(
            "nothing was changed; flags can be read here, but keep those that change on a local \
             disk or in a database",
        )
        .caused_by(cause)
}

/// The file at `place` (`path:line:column`) does not hold what it should.
pub(super) fn corrupt(
    operation: Operation,
    place: impl fmt::Display,
    why: impl fmt::Display,
) -> PortError {
    PortError::new(PortErrorKind::Corrupt, operation)
        .at(place)
        .because(why)
        .advice(REPAIR)
}

/// A folder, a pipe or a device where a file of the store should be.
pub(super) fn no_file(operation: Operation, path: &Path) -> PortError {
    corrupt(operation, path.display(), "it is not a file").advice(
        "move it away; `cutover doctor` then tells what is left. Nothing has been overwritten",
    )
}

/// JSON that cannot be read, with its place.
pub(super) fn json(operation: Operation, path: &Path, error: &serde_json::Error) -> PortError {
    let text = error.to_string();
    // serde_json repeats the place at the end of its text; it is in the context already.
    let why = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(why, _)| why);
    let place = format_args!("{}:{}:{}", path.display(), error.line(), error.column());
    corrupt(operation, place, why)
}

/// JSON that is no flags: where reading stopped, and everything that is wrong.
pub(super) fn unreadable(
    operation: Operation,
    path: &Path,
    stopped: &serde_json::Error,
    problems: &Problems,
) -> PortError {
    let (line, column) = (stopped.line(), stopped.column());
    let place = format_args!("{}:{line}:{column}", path.display());
    corrupt(operation, place, problems)
}

/// A record or document that cannot be written as JSON.
pub(super) fn unwritable(operation: Operation) -> impl FnOnce(serde_json::Error) -> PortError {
    move |source| {
        PortError::new(PortErrorKind::InvalidInput, operation)
            .because("a value cannot be written as JSON")
            .caused_by(source)
    }
}
