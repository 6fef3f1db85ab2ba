//! Writing an answer to a file.

use std::io::{self, Write};
use std::path::Path;

/// What to do about a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// Replace it.
    Replace,
    /// Leave it alone and fail with [`io::ErrorKind::AlreadyExists`].
    Keep,
}

/// Writes a whole file: whoever reads it sees what was there before or this, never a part.
pub(crate) fn write_whole(file: &Path, text: &[u8], existing: Existing) -> io::Result<()> {
    write_whole_by(file, existing, |to| to.write_all(text))
}

/// The same with a text that `write` writes piece by piece.
pub(crate) fn write_whole_by(
    file: &Path,
    existing: Existing,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let readable = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    // As any program's file, less what the user's mask takes away.
    #[cfg(unix)]
    builder.permissions(readable);
    let mut temporary = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    write(&mut temporary)?;
    match existing {
        Existing::Replace => temporary.persist(file)?,
        Existing::Keep => temporary.persist_noclobber(file)?,
    };
    Ok(())
}
