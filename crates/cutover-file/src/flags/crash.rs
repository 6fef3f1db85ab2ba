//! Places where a process may die or a disk may fail, for the tests that do the harm.
//!
//! Outside of tests every function here does nothing but its plain work.

use std::fs::File;
use std::io::{self, Write};

/// Every point at which the harm tests strike, in the order of a commit.
#[cfg(test)]
pub(super) const POINTS: [&str; 11] = [
    "locked",
    "history cut",
    "history last",
    "history synced",
    "document created",
    "document write",
    "document synced",
    "document renamed",
    "directory synced",
    "history append",
    "good write",
];

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "the tests' twin fails")]
#[inline]
pub(super) fn point(_name: &'static str) -> io::Result<()> {
    Ok(())
}

#[cfg(not(test))]
#[inline]
pub(super) fn write_all(_name: &'static str, file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)
}

#[cfg(test)]
pub(super) use injected::{Crash, Harm, plan, point, struck, write_all};

#[cfg(test)]
mod injected {
    use std::cell::RefCell;

    use super::{File, Write, io};

    /// What happens at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in super::super) enum Harm {
        /// The process dies; a write gets as far as so many bytes.
        Crash(usize),
        /// The operating system refuses; a write gets as far as so many bytes.
        Fail(io::ErrorKind, usize),
    }

    /// The payload of the panic that stands for the death of the process. The code under test has
    /// no clean-up on unwinding but closing its files, which is what the kernel does, too.
    #[derive(Debug)]
    pub(in super::super) struct Crash;

    thread_local! {
        static PLAN: RefCell<Option<(&'static str, Harm)>> = const { RefCell::new(None) };
    }

    /// Plans one harm in this thread, and takes back an earlier plan.
    pub(in super::super) fn plan(harm: Option<(&'static str, Harm)>) {
        PLAN.set(harm);
    }

    /// Whether the harm has been done.
    pub(in super::super) fn struck() -> bool {
        PLAN.with_borrow(Option::is_none)
    }

    fn due(name: &str) -> Option<Harm> {
        PLAN.with_borrow_mut(|plan| {
            plan.take_if(|(planned, _)| *planned == name)
                .map(|(_, harm)| harm)
        })
    }

    pub(in super::super) fn point(name: &'static str) -> io::Result<()> {
        match due(name) {
            None => Ok(()),
            Some(Harm::Crash(_)) => std::panic::panic_any(Crash),
            Some(Harm::Fail(kind, _)) => Err(kind.into()),
        }
    }

    pub(in super::super) fn write_all(
        name: &'static str,
        file: &mut File,
        bytes: &[u8],
    ) -> io::Result<()> {
        let Some(harm) = due(name) else {
            return file.write_all(bytes);
        };
        let (Harm::Crash(reached) | Harm::Fail(_, reached)) = harm;
        file.write_all(&bytes[..reached.min(bytes.len())])?;
        match harm {
            Harm::Crash(_) => std::panic::panic_any(Crash),
            Harm::Fail(kind, _) => Err(kind.into()),
        }
    }
}
