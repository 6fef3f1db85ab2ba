//! Whole folders: a copy that shares nothing with its original, and a removal that no permission
//! refuses.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::Stop;

/// What could not be copied.
#[derive(Debug, thiserror::Error)]
#[error("cannot copy {}: {source}", path.display())]
pub(super) struct CopyError {
    path: PathBuf,
    source: io::Error,
}

/// Copies a folder with everything in it, to a place that is not there yet. What lies at one of
/// the places of `without` is left out, and so are pipes, sockets and devices.
///
/// Files keep their modes and times; a file system that can share blocks until one side is written
/// does. A link stays a link, and one that leads into the folder by its full path leads into the
/// copy, so that nobody gets back to the original through it. At `stop` it ends after the file that
/// it is at.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    without: &[PathBuf],
    stop: &Stop,
) -> Result<(), CopyError> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((source, target)) = folders.pop() {
        let trouble = |path: &Path| {
            let path = path.to_owned();
            move |source| CopyError { path, source }
        };
        fs::create_dir(&target).map_err(trouble(&target))?;
        for entry in fs::read_dir(&source).map_err(trouble(&source))? {
            if stop.is_asked() {
                let stopped = io::Error::other("the run was stopped");
                return Err(trouble(&source)(stopped));
            }
            let entry = entry.map_err(trouble(&source))?;
            let (path, copied) = (entry.path(), target.join(entry.file_name()));
            let kind = entry.file_type().map_err(trouble(&path))?;
            if without.contains(&path) {
                continue;
            }
            if kind.is_dir() {
                folders.push((path, copied));
            } else if kind.is_file() {
                copy_file(&path, &copied).map_err(trouble(&path))?;
            } else if kind.is_symlink() {
                let leads_to = fs::read_link(&path).map_err(trouble(&path))?;
                let inside = leads_to.strip_prefix(from).map(|inside| to.join(inside));
                symlink(inside.unwrap_or(leads_to), &copied).map_err(trouble(&copied))?;
            }
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let modified = fs::metadata(from)?.modified()?;
    // A file that may not be written may not be opened for it either, and its time tells little.
    match fs::File::options().write(true).open(to) {
        Ok(copy) => copy.set_modified(modified),
        Err(_) => Ok(()),
    }
}

/// Removes a folder with everything in it, also what was protected from it. It may be gone.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(folder);
            fs::remove_dir_all(folder)
        }
        done => done,
    }
}

/// Lets the owner into every folder; what that does not help with, the removal says.
fn open_up(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_nothing_with_its_original() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("deep/er")).unwrap();
        fs::write(from.join("deep/er/file"), "old").unwrap();
        fs::set_permissions(from.join("deep/er/file"), Permissions::from_mode(0o750)).unwrap();
        fs::write(from.join("left out"), "x").unwrap();
        symlink("deep", from.join("beside")).unwrap();
        symlink(from.join("deep/er/file"), from.join("by full path")).unwrap();
        symlink("nowhere", from.join("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(from.join("socket")).unwrap();

        let stop = Stop::default();
        copy(&from, &to, &[from.join("left out")], &stop).unwrap();

        let mut names: Vec<_> = fs::read_dir(&to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["beside", "by full path", "dangling", "deep"]);
        let time = |root: &Path| fs::metadata(root.join("deep/er/file")).unwrap().modified();
        assert_eq!(time(&from).unwrap(), time(&to).unwrap());
        let mode = fs::metadata(to.join("deep/er/file")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o750);
        fs::write(to.join("by full path"), "new").unwrap();
        fs::write(to.join("beside/er/more"), "new").unwrap();
        assert_eq!(
            fs::read_to_string(from.join("deep/er/file")).unwrap(),
            "old"
        );
        assert_eq!(fs::read_to_string(to.join("deep/er/file")).unwrap(), "new");
        assert!(!from.join("deep/er/more").exists());
    }

    #[test]
    fn what_is_protected_is_removed_and_what_links_lead_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("room");
        let outside = folder.path().join("outside");
        fs::create_dir_all(room.join("closed/inner")).unwrap();
        fs::write(room.join("closed/inner/file"), "x").unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("mine"), "x").unwrap();
        symlink(&outside, room.join("link")).unwrap();
        for closed in ["closed/inner", "closed"] {
            fs::set_permissions(room.join(closed), Permissions::from_mode(0o000)).unwrap();
        }
        remove(&room).unwrap();
        assert!(!room.exists());
        assert!(outside.join("mine").exists());
        remove(&room).unwrap();
    }

    #[test]
    fn a_copy_ends_when_the_run_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(&from).unwrap();
        fs::write(from.join("file"), "x").unwrap();
        let stop = Stop::default();
        stop.ask();
        assert!(copy(&from, &to, &[], &stop).is_err());
        assert!(!to.join("file").exists());
    }

    #[test]
    fn what_cannot_be_copied_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = copy(
            &folder.path().join("not there"),
            &folder.path().join("to"),
            &[],
            &Stop::default(),
        );
        let error = error.unwrap_err().to_string();
        assert!(error.contains("not there"), "{error}");
    }
}
