//! Telling that a file or directory is another one than before, without being told.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use xxhash_rust::xxh3::xxh3_64;

/// A file of up to so many bytes is read to see whether it has changed; of larger ones the times
/// are believed.
const READ_UP_TO: u64 = 1 << 20;

/// What changes whenever a file is replaced or written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fingerprint {
    Absent,
    Unreadable(io::ErrorKind),
    Found {
        numbers: [i128; 5],
        /// Two changes may come within one tick of the file system's clock, or give the time of
        /// the one before on purpose; and not every system tells a file from its successor.
        content: Option<u64>,
    },
}

impl Fingerprint {
    /// Of what a path leads to, through symbolic links.
    pub(super) fn of(path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(metadata) => Self::Found {
                numbers: numbers(&metadata),
                content: content(path, &metadata),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Absent,
            Err(error) => Self::Unreadable(error.kind()),
        }
    }
}

fn content(path: &Path, found: &fs::Metadata) -> Option<u64> {
    // Opening a pipe would wait for a writer.
    let is_small_file = found.is_file() && found.len() <= READ_UP_TO;
    is_small_file
        .then(|| fs::read(path).ok().map(|text| xxh3_64(&text)))
        .flatten()
}

/// Which directory a path leads to: its numbers and when it was made, because the number of one
/// that is removed is soon given again. Where a system tells none of it, all are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Directory([i128; 2], Option<SystemTime>);

impl Directory {
    pub(super) fn at(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let [device, number, ..] = numbers(&found);
        Some(Self([device, number], found.created().ok()))
    }
}

#[cfg(unix)]
fn numbers(found: &fs::Metadata) -> [i128; 5] {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    [
        i128::from(found.dev()),
        i128::from(found.ino()),
        i128::from(found.len()),
        nanoseconds(found.mtime(), found.mtime_nsec()),
        nanoseconds(found.ctime(), found.ctime_nsec()),
    ]
}

#[cfg(not(unix))]
fn numbers(found: &fs::Metadata) -> [i128; 5] {
    let nanoseconds = found
        .modified()
        .ok()
        .and_then(|time| jiff::Timestamp::try_from(time).ok())
        .map_or(0, |time| time.as_nanosecond());
    [0, 0, i128::from(found.len()), nanoseconds, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The content alone tells, whatever the clock of the file system says.
    #[test]
    fn the_same_size_at_the_same_time_is_told_apart_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let content = |text: &str| {
            fs::write(&path, text).unwrap();
            match Fingerprint::of(&path) {
                Fingerprint::Found { content, .. } => content.unwrap(),
                other => panic!("{other:?}"),
            }
        };
        assert_ne!(content("one"), content("two"));
        assert_eq!(content("one"), content("one"));
    }

    #[test]
    fn a_large_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let file = fs::File::create(&path).unwrap();
        file.set_len(READ_UP_TO + 1).unwrap();
        let Fingerprint::Found { content, .. } = Fingerprint::of(&path) else {
            panic!("it is there");
        };
        assert_eq!(content, None);
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let Fingerprint::Found { content, .. } = Fingerprint::of(dir.path()) else {
            panic!("it is there");
        };
        assert_eq!(content, None);
        assert_eq!(
            Fingerprint::of(&dir.path().join("none")),
            Fingerprint::Absent
        );
    }
}
