//! Which file is where, and how files are made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cutover_domain::comparison::RunId;

use crate::in_place;

/// The directory of one run. A [`RunId`] cannot leave the directory it is joined to.
#[derive(Clone, Debug)]
pub(super) struct RunDir {
    pub(super) path: PathBuf,
}

impl RunDir {
    pub(super) fn header(&self) -> PathBuf {
        self.path.join("run.json")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// A file that is being written under the lock, to be renamed when it is complete.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.path.join("unfinished")
    }

    /// The first, or next, segment.
    pub(super) fn segment(&self, number: u64) -> Segment {
        Segment::at(&self.path, number, 0)
    }

    /// All segments in the order of their records; none when there is no such run.
    pub(super) fn segments(&self) -> io::Result<Vec<Segment>> {
        let entries = match fs::read_dir(&self.path) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut segments: Vec<Segment> = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            segments.extend(
                name.to_str()
                    .and_then(|name| Segment::named(&self.path, name)),
            );
        }
        // When shortening a segment was interrupted there are two of one number: the shortened
        // one, which was complete before it got its name, and the one it is to replace.
        segments.sort_by_key(|segment| (segment.number, std::cmp::Reverse(segment.base)));
        segments.dedup_by_key(|segment| segment.number);
        Ok(segments)
    }
}

/// A file of records. Places in it are counted from where its first record ever was, so they stay
/// true when retention cuts off its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// How much was cut off.
    pub(super) base: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    fn at(dir: &Path, number: u64, base: u64) -> Self {
        let name = match base {
            0 => format!("records-{number:06}.jsonl"),
            _ => format!("records-{number:06}.{base}.jsonl"),
        };
        Self {
            number,
            base,
            path: dir.join(name),
        }
    }

    fn named(dir: &Path, name: &str) -> Option<Self> {
        let middle = name.strip_prefix("records-")?.strip_suffix(".jsonl")?;
        let (number, base) = middle.split_once('.').unwrap_or((middle, "0"));
        let segment = Self::at(dir, number.parse().ok()?, base.parse().ok()?);
        // Only names that this module makes: one number has one spelling.
        segment.path.ends_with(name).then_some(segment)
    }

    /// The same segment after everything before `base` was cut off.
    pub(super) fn cut(&self, base: u64) -> Self {
        Self::at(
            self.path.parent().unwrap_or(Path::new(".")),
            self.number,
            base,
        )
    }

    /// Where its records end; `None` when it is gone.
    pub(super) fn end(&self) -> io::Result<Option<u64>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(self.base + metadata.len())),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// The directory of a run below the store's.
pub(super) fn run_dir(root: &Path, run: &RunId) -> RunDir {
    RunDir {
        path: root.join("runs").join(run.as_str()),
    }
}

/// The ids of all runs that have a directory, in no order.
pub(super) fn run_ids(root: &Path) -> io::Result<Vec<RunId>> {
    let entries = match fs::read_dir(root.join("runs")) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut ids = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            ids.extend(
                entry
                    .file_name()
                    .to_str()
                    .and_then(|name| RunId::new(name).ok()),
            );
        }
    }
    Ok(ids)
}

/// Options that make new files readable by their owner alone.
pub(super) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a Unix matter"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory and those above it, open to their owner alone.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes `target` hold `text`, as a whole and durably; the run's lock is held.
pub(super) fn replace(dir: &RunDir, target: &Path, text: &[u8]) -> io::Result<()> {
    let unfinished = dir.unfinished();
    let mut file = create_new(&unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&unfinished, target)?;
    sync_dir(&dir.path)
}

/// A new file at `path`, instead of one that a writer which was killed left there.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private().write(true).create_new(true).open(path)
}

/// Opens a segment that is there to add to it.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    in_place::open(File::options().append(true), path)
}

/// Makes what changed in a directory survive a loss of power.
#[cfg(unix)]
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Directories cannot be synced here; the file system orders its own metadata.
#[cfg(not(unix))]
pub(super) fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_the_store_makes_are_segments() {
        let dir = Path::new("/d");
        for (name, expected) in [
            ("records-000001.jsonl", Some((1, 0))),
            ("records-1234567.jsonl", Some((1_234_567, 0))),
            ("records-000002.99.jsonl", Some((2, 99))),
            ("records-1.jsonl", None),
            ("records-000001.0.jsonl", None),
            ("records-000001.jsonl.bak", None),
            ("records-+00001.jsonl", None),
            ("records-.jsonl", None),
            ("run.json", None),
            ("unfinished", None),
        ] {
            let found = Segment::named(dir, name);
            assert_eq!(
                found.map(|segment| (segment.number, segment.base)),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn of_an_interrupted_cut_the_shorter_segment_counts() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "records-000002.jsonl",
            "records-000001.jsonl",
            "records-000001.50.jsonl",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let segments = RunDir {
            path: dir.path().to_owned(),
        }
        .segments()
        .unwrap();
        let found: Vec<_> = segments
            .iter()
            .map(|found| (found.number, found.base))
            .collect();
        assert_eq!(found, [(1, 50), (2, 0)]);
    }
}
