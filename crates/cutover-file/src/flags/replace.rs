//! Replacing a file as a whole: a reader sees the old text or the new one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use super::crash;
use crate::in_place;

/// What became of a replacement that failed.
pub(super) enum Failed {
    /// Nothing has changed.
    Before(io::Error),
    /// Nothing has changed, because the target is not as it should be any more.
    Overtaken,
    /// The new text is in place, but may not survive a loss of power.
    Unsettled(io::Error),
}

impl Failed {
    /// As an error of the operating system.
    pub(super) fn into_cause(self) -> io::Error {
        match self {
            Self::Before(cause) | Self::Unsettled(cause) => cause,
            Self::Overtaken => io::Error::other("somebody else has changed the file meanwhile"),
        }
    }
}

/// Durably replaces `target` by way of `temporary` in the same directory, whose lock is held.
pub(super) fn replace(target: &Path, temporary: &Path, text: &[u8]) -> Result<(), Failed> {
    replace_if(|| Ok(true), target, temporary, text)
}

/// The same, provided that `is_as_expected` right before the new text takes its place.
pub(super) fn replace_if(
    is_as_expected: impl FnOnce() -> io::Result<bool>,
    target: &Path,
    temporary: &Path,
    text: &[u8],
) -> Result<(), Failed> {
    let renamed = write_temporary(target, temporary, text).and_then(|()| {
        crash::point("document synced")?;
        if !is_as_expected()? {
            return Ok(false);
        }
        fs::rename(temporary, target)?;
        Ok(true)
    });
    if !matches!(renamed, Ok(true)) {
        // It is in the way of nobody if this fails, too: the next writer removes it.
        let _ = fs::remove_file(temporary);
    }
    if !renamed.map_err(Failed::Before)? {
        return Err(Failed::Overtaken);
    }
    crash::point("document renamed")
        .and_then(|()| sync_directory(target))
        .and_then(|()| crash::point("directory synced"))
        .map_err(Failed::Unsettled)
}

fn write_temporary(target: &Path, temporary: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = create_like(target, temporary)?;
    crash::point("document created")?;
    crash::write_all("document write", &mut file, text)?;
    file.sync_all()
}

/// Replaces a file whose loss costs nothing: whole or not at all, but without waiting for the disk.
pub(super) fn replace_cheaply(target: &Path, temporary: &Path, text: &[u8]) -> io::Result<()> {
    create_like(target, temporary)
        .and_then(|mut file| crash::write_all("good write", &mut file, text))
        .and_then(|()| fs::rename(temporary, target))
        .inspect_err(|_| {
            let _ = fs::remove_file(temporary);
        })
}

/// A new file with the mode and owner of `model`; where there is none, it is private to the owner
/// of the directory.
pub(super) fn create_like(model: &Path, path: &Path) -> io::Result<File> {
    // What a writer that was killed left behind; nobody else writes while the lock is held.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    match fs::symlink_metadata(model) {
        // What a link leads to is not this store's.
        Ok(metadata) if !metadata.is_symlink() => {
            let file = private().write(true).create_new(true).open(path)?;
            keep_owner(&file, &metadata)?;
            file.set_permissions(metadata.permissions())?;
            Ok(file)
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create(path, private().write(true)),
    }
}

/// Opens a file to read it and to add to it, or makes it, private to the owner of the directory.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = private();
    options.read(true).append(true);
    match in_place::open(&options, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        answer => return answer,
    }
    match create(path, &mut options) {
        // Somebody was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            in_place::open(options.create(true), path)
        }
        answer => answer,
    }
}

/// A new file that belongs to whom the directory belongs: a service has its flags, whoever makes
/// the first change.
fn create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.clone().create_new(true).open(path)?;
    keep_owner(&file, &fs::metadata(directory_of(path))?)?;
    Ok(file)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Options that make new files readable by their owner alone.
pub(super) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// An administrator's commit must not take the file away from the service that reads it.
#[cfg(unix)]
fn keep_owner(file: &File, model: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (model.uid(), model.gid()) {
        // Only root may give files away; for others the group is what can be kept.
        if fchown(file, Some(model.uid()), Some(model.gid())).is_err() {
            let _ = fchown(file, None, Some(model.gid()));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Makes a rename in the directory of `path` survive a loss of power.
#[cfg(unix)]
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// Directories cannot be synced here; the file system orders its own metadata.
#[cfg(not(unix))]
pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
