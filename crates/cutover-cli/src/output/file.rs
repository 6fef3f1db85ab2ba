//! Writing an answer to a file.

use std::fs;
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
///
/// A symbolic link stays one: what it points to is written. What is no file, such as `/dev/null`,
/// a pipe or `/dev/stdout`, holds nothing that could be lost; it is written to and never replaced.
/// Who may read and write a file that is replaced stays as it is.
pub(crate) fn write_whole_by(
    file: &Path,
    existing: Existing,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let there = fs::metadata(file).ok();
    if there
        .as_ref()
        .is_some_and(|there| !there.is_file() && !there.is_dir())
    {
        return write(&mut fs::File::options().write(true).open(file)?);
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        // As any program's new file, less what the user's mask takes away; or as what is replaced.
        let mode =
            there.map(|there| fs::Permissions::from_mode(there.permissions().mode() & 0o777));
        builder.permissions(
            mode.clone()
                .unwrap_or_else(|| fs::Permissions::from_mode(0o666)),
        );
        mode
    };
    let folder = folder.unwrap_or(Path::new("."));
    fs::metadata(folder)?;
    // Nobody knows the name that its own words would tell.
    let nameless = |error: io::Error| io::Error::from(error.kind());
    let mut temporary = builder.tempfile_in(folder).map_err(nameless)?;
    #[cfg(unix)]
    if let Some(mode) = mode {
        temporary.as_file().set_permissions(mode)?;
    }
    write(&mut temporary)?;
    match existing {
        Existing::Replace => temporary.persist(file)?,
        Existing::Keep => temporary.persist_noclobber(file)?,
    };
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe() {
        for existing in [Existing::Replace, Existing::Keep] {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            let reading = std::thread::spawn({
                let pipe = pipe.clone();
                move || {
                    let mut text = String::new();
                    fs::File::open(pipe)
                        .unwrap()
                        .read_to_string(&mut text)
                        .map(|_| text)
                }
            });
            write_whole(&pipe, b"text", existing).unwrap();
            assert_eq!(reading.join().unwrap().unwrap(), "text");
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        }
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for mode in [0o600, 0o666, 0o640] {
            fs::write(&file, "before").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            write_whole(&file, b"after", Existing::Replace).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), "after");
            let now = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(now, mode, "{now:o} instead of {mode:o}");
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let kept = write_whole(&link, b"after", Existing::Keep).unwrap_err();
        assert_eq!(kept.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&file).unwrap(), "before");
        write_whole(&link, b"after", Existing::Replace).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
    }
}
