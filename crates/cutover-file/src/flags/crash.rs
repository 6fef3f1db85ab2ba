//! Places where a process may die or a disk may fail, for the tests that do the harm.
//!
//! Outside of tests every function here does nothing but its plain work.

use std::fs::File;
use std::io::{self, Write};

/// Every point at which the harm tests strike, in the order of a commit.
#[cfg(test)]
pub(super) const POINTS: [&str; 12] = [
    "locking",
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
pub(super) use injected::{Harm, Plan, meanwhile, point, run, write_all};

#[cfg(test)]
mod injected {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    use super::{File, Write, io};

    /// What happens at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in super::super) enum Harm {
        /// The process dies; a write gets as far as so many bytes.
        Crash(usize),
        /// The operating system refuses; a write gets as far as so many bytes.
        Fail(io::ErrorKind, usize),
        /// The process really dies, without warning; a write gets as far as so many bytes.
        #[cfg(unix)]
        Kill(usize),
    }

    /// The payload of the panic that stands for the death of the process. The code under test has
    /// no clean-up on unwinding but closing its files, which is what the kernel does, too.
    struct Crash;

    /// Harm at the nth time that a point is passed, from 1.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Plan {
        pub(in super::super) point: &'static str,
        pub(in super::super) nth: usize,
        pub(in super::super) harm: Harm,
    }

    /// What somebody else does, and at which point.
    type Other = (&'static str, Box<dyn FnOnce()>);

    thread_local! {
        static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
        static MEANWHILE: Cell<Option<Other>> = const { Cell::new(None) };
    }

    /// Runs code of the store while somebody else does something at a point, once.
    pub(in super::super) fn meanwhile<T>(
        point: &'static str,
        other: impl FnOnce() + 'static,
        code: impl FnOnce() -> T,
    ) -> T {
        MEANWHILE.set(Some((point, Box::new(other))));
        let answer = code();
        assert!(MEANWHILE.take().is_none(), "{point} was not passed");
        answer
    }

    fn let_others(name: &str) {
        match MEANWHILE.take() {
            Some((point, other)) if point == name => other(),
            waiting => MEANWHILE.set(waiting),
        }
    }

    /// Runs code of the store with a plan. Says what it answered, unless it died; and whether the
    /// harm was done.
    pub(in super::super) fn run<T>(plan: Plan, code: impl FnOnce() -> T) -> (Option<T>, bool) {
        PLAN.set(Some(plan));
        let answer = match catch_unwind(AssertUnwindSafe(code)) {
            Ok(answer) => Some(answer),
            Err(payload) if payload.is::<Crash>() => None,
            Err(payload) => resume_unwind(payload),
        };
        (answer, PLAN.take().is_none())
    }

    fn due(name: &str) -> Option<Harm> {
        let plan = PLAN.take()?;
        if plan.point != name {
            PLAN.set(Some(plan));
            return None;
        }
        if plan.nth > 1 {
            let nth = plan.nth - 1;
            PLAN.set(Some(Plan { nth, ..plan }));
            return None;
        }
        Some(plan.harm)
    }

    #[cfg(unix)]
    fn kill_this_process() -> ! {
        use rustix::process::{Signal, getpid, kill_process};
        let sent = kill_process(getpid(), Signal::KILL);
        unreachable!("it outlives SIGKILL: {sent:?}")
    }

    fn die() -> ! {
        // Without the message of a panic.
        resume_unwind(Box::new(Crash))
    }

    pub(in super::super) fn point(name: &'static str) -> io::Result<()> {
        let_others(name);
        match due(name) {
            None => Ok(()),
            Some(Harm::Crash(_)) => die(),
            Some(Harm::Fail(kind, _)) => Err(kind.into()),
            #[cfg(unix)]
            Some(Harm::Kill(_)) => kill_this_process(),
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
        let up_to = |reached: usize| &bytes[..reached.min(bytes.len())];
        match harm {
            Harm::Crash(reached) => {
                file.write_all(up_to(reached))?;
                die()
            }
            Harm::Fail(kind, reached) => {
                file.write_all(up_to(reached))?;
                Err(kind.into())
            }
            #[cfg(unix)]
            Harm::Kill(reached) => {
                file.write_all(up_to(reached))?;
                kill_this_process()
            }
        }
    }
}
