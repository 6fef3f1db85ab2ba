//! Opening the files that are written in place.
//!
//! Where several people may write a directory, one of them could put a symbolic link to another's
//! file there. Nothing is ever written through it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

/// Opens the file at `path`, but not through a symbolic link in its place.
pub(crate) fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    // Decided while it is opened, so that a link put there at this moment is not followed either.
    #[cfg(unix)]
    let options = std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options.clone(),
        rustix::fs::OFlags::NOFOLLOW.bits().cast_signed(),
    )
    .to_owned();
    #[cfg(not(unix))]
    if is_link(path) {
        return Err(linked());
    }
    match options.open(path) {
        Err(_) if is_link(path) => Err(linked()),
        answer => answer,
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

fn linked() -> io::Error {
    io::Error::new(
        ErrorKind::ReadOnlyFilesystem,
        "it is a symbolic link, and what it leads to is not written; remove the link, or put the \
         file itself in its place",
    )
}
