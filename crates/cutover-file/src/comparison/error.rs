//! The errors of the comparison store: what happened, where, and what to do.

use std::io;
use std::path::Path;

use cutover_ports::{PortError, PortErrorKind};

/// What is being done, for error messages: an infinitive.
pub(super) type Operation = &'static str;

/// An error of the operating system on `path`.
pub(super) fn io(operation: Operation, path: &Path) -> impl FnOnce(io::Error) -> PortError {
    move |source| {
        let error = PortError::io(operation, path.display(), source);
        match error.kind() {
            PortErrorKind::PermissionDenied => {
                error.advice("give the user of this process access to the directory and its files")
            }
            PortErrorKind::Full => error.advice(
                "free space, or remove old records with a retention; nothing was overwritten",
            ),
            _ => error,
        }
    }
}

/// A run's header that cannot be read.
pub(super) fn corrupt_header(
    operation: Operation,
    path: &Path,
    error: &serde_json::Error,
) -> PortError {
    let place = format_args!("{}:{}:{}", path.display(), error.line(), error.column());
    PortError::new(PortErrorKind::Corrupt, operation)
        .at(place)
        .because(without_place(error))
        .advice("mend the file by hand, or remove its directory; the run's records are beside it")
}

/// There are records of a run, and nothing says what it is.
pub(super) fn lost_header(operation: Operation, path: &Path) -> PortError {
    PortError::new(PortErrorKind::Corrupt, operation)
        .at(path.display())
        .because("it is gone, and the records of its run are still there")
        .advice("restore the file from a backup, or remove its directory")
}

/// What is wrong with a text, without the place that `serde_json` adds: it stands elsewhere.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((why, _)) => why.to_owned(),
        None => text,
    }
}
