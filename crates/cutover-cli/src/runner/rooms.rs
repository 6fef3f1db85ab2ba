//! Where programs run: a room of its own for every execution, gone when its pair has been judged.
//!
//! A room holds the folder for temporary files, where one is wanted the working copy, the input
//! and the file for counters. Both programs of a pair find their room at the same path, one after
//! the other, so that a path in an answer is no difference.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::geteuid;
use tempfile::TempDir;

use super::folder::{self, CopyError};
use super::{RunnerError, Stop};

const PREFIX: &str = "cutover-run-";
const LOCK: &str = "lock";

/// The folder a program runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Workplace {
    /// Where the runner was started, the same for all.
    Here,
    /// An empty folder of its own.
    Empty,
    /// A copy of this folder of its own.
    CopyOf(PathBuf),
}

/// All rooms of a run.
#[derive(Debug)]
pub(super) struct Rooms {
    base: TempDir,
    workplace: Workplace,
    /// What no copy takes along: the rooms themselves.
    without: Vec<PathBuf>,
    /// Held while the run lives; what was left by one that was killed is known by it.
    _lock: File,
}

impl Rooms {
    /// Makes place below `parent`, and takes away what runs that were killed left there.
    pub(super) fn open(parent: &Path, workplace: Workplace) -> Result<Self, RunnerError> {
        let make = || {
            let parent = std::path::absolute(parent)?;
            remove_abandoned(&parent);
            let base = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(&parent)?;
            // Under its name it is locked from the first moment on.
            let (unnamed, named) = (base.path().join("lock.new"), base.path().join(LOCK));
            let lock = File::create_new(&unnamed)?;
            lock.try_lock()?;
            fs::rename(unnamed, named)?;
            Ok((base, lock))
        };
        let (base, lock) = make().map_err(RunnerError::Work)?;
        let workplace = match workplace {
            Workplace::CopyOf(folder) => Workplace::CopyOf(
                fs::canonicalize(&folder)
                    .map_err(|source| RunnerError::Workdir { folder, source })?,
            ),
            other => other,
        };
        let without = fs::canonicalize(base.path()).into_iter().collect();
        Ok(Self {
            base,
            workplace,
            without,
            _lock: lock,
        })
    }

    /// The folder that is copied for every execution.
    pub(super) fn original(&self) -> Option<&Path> {
        match &self.workplace {
            Workplace::CopyOf(folder) => Some(folder),
            Workplace::Here | Workplace::Empty => None,
        }
    }

    /// A fresh room. `number` is of one pair, which has one room at a time. A copy that takes long is
    /// broken off at `stop`.
    pub(super) fn room(&self, number: u64, stop: &Stop) -> Result<Room, String> {
        let root = self.base.path().join(format!("{number:08}"));
        let room = Room {
            work: (self.workplace != Workplace::Here).then(|| root.join("work")),
            root,
        };
        let say = |error: io::Error| format!("cannot make a folder for the program: {error}");
        fs::create_dir(&room.root).map_err(say)?;
        for folder in [room.temporary(), room.home()] {
            fs::create_dir(folder).map_err(say)?;
        }
        match (&room.work, &self.workplace) {
            (Some(work), Workplace::CopyOf(folder)) => {
                folder::copy(folder, work, &self.without, stop)
                    .map_err(|error: CopyError| format!("cannot make the working copy: {error}"))?
            }
            (Some(work), _) => fs::create_dir(work).map_err(say)?,
            (None, _) => {}
        }
        Ok(room)
    }
}

impl Rooms {
    /// Removes them all, whoever is in one.
    pub(super) fn remove(&self) {
        // What cannot be removed is in the folder for temporary files, where it may be left.
        let _ = folder::remove(self.base.path());
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The place of one execution.
#[derive(Debug)]
pub(crate) struct Room {
    root: PathBuf,
    work: Option<PathBuf>,
}

impl Room {
    /// The folder the program runs in, where it has one of its own.
    pub(crate) fn work(&self) -> Option<&Path> {
        self.work.as_deref()
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The folder in which the input of a case becomes a file, whatever its name.
    pub(super) fn input(&self) -> PathBuf {
        self.root.join("input")
    }

    pub(super) fn counters(&self) -> PathBuf {
        self.root.join("counters")
    }

    /// Whether nothing more could be written here.
    pub(super) fn disk_is_full(&self) -> bool {
        statvfs(&self.root).is_ok_and(|disk| {
            // What is reserved is for the administrator.
            let free = if geteuid().is_root() {
                disk.f_bfree
            } else {
                disk.f_bavail
            };
            // Some file systems count no blocks at all.
            disk.f_blocks > 0 && free == 0
        })
    }

    /// Makes way for the next execution of the pair: the same room under another name.
    pub(super) fn put_aside(&mut self, name: &str) {
        let mut aside = self.root.clone().into_os_string();
        aside.push(format!("-{name}"));
        let aside = PathBuf::from(aside);
        if fs::rename(&self.root, &aside).is_ok() {
            self.work = self.work.take().map(|_| aside.join("work"));
            self.root = aside;
        }
    }

    /// Moves it to where it stays.
    pub(super) fn keep(&mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.root, to)?;
        self.work = self.work.take().map(|_| to.join("work"));
        // What is removed in the end is not there any more.
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The whole of it goes once more at the end of the run.
        let _ = folder::remove(&self.root);
    }
}

/// Removes the rooms of runs that are not alive: theirs is the only lock that nobody holds.
fn remove_abandoned(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
            && entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if is_ours
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = folder::remove(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_path_and_nothing_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let rooms = Rooms::open(parent.path(), Workplace::Empty).unwrap();
        let mut old = rooms.room(3, &Stop::default()).unwrap();
        let path = old.work().unwrap().to_owned();
        fs::write(path.join("answer"), "old").unwrap();
        old.put_aside("old");
        let new = rooms.room(3, &Stop::default()).unwrap();
        assert_eq!(new.work().unwrap(), path);
        assert!(!path.join("answer").exists());
        let aside = old.work().unwrap().join("answer");
        assert_eq!(fs::read_to_string(&aside).unwrap(), "old");
        drop(old);
        assert!(!aside.exists() && path.exists());
        drop((new, rooms));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_run_left_goes_and_what_lives_stays() {
        let parent = tempfile::tempdir().unwrap();
        let alive = Rooms::open(parent.path(), Workplace::Here).unwrap();
        let killed = parent.path().join("cutover-run-killed");
        fs::create_dir_all(killed.join("00000001/work")).unwrap();
        fs::write(killed.join(LOCK), "").unwrap();
        let other = parent.path().join("cutover-run-being-made");
        fs::create_dir(&other).unwrap();
        let _second = Rooms::open(parent.path(), Workplace::Here).unwrap();
        assert!(!killed.exists());
        assert!(other.exists() && alive.base.path().exists());
    }

    #[test]
    fn the_rooms_are_not_copied_into_themselves() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("file"), "x").unwrap();
        let workplace = Workplace::CopyOf(parent.path().to_owned());
        let rooms = Rooms::open(parent.path(), workplace).unwrap();
        let room = rooms.room(0, &Stop::default()).unwrap();
        let names = fs::read_dir(room.work().unwrap()).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["file"]);
    }
}
