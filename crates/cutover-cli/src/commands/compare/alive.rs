//! Whether the process that makes a run is there still.
//!
//! A run says of itself that it is running until it says otherwise; one whose process was killed
//! never does. So its header names the process, and whoever reads it on the same system looks. Of a
//! process of another system, or of one that hides its processes, nothing is known: then a run is
//! what it says, and `silent` when it was not heard of for a while.

use cutover_app::comparison::Sink;
use cutover_domain::comparison::{ComparisonRecord, Run, RunProcess, RunState};

/// The run as it stands: interrupted where its process is gone without a word.
pub(super) fn settle(mut run: Run) -> Run {
    if run.state == RunState::Running && lives(&run) == Some(false) {
        run.state = RunState::Interrupted;
    }
    run
}

/// Whether the process of a run lives; nothing where that cannot be known from here.
pub(super) fn lives(run: &Run) -> Option<bool> {
    system::lives(run.process.as_ref()?)
}

/// This process, where it can be found again.
pub(super) fn this_process() -> Option<RunProcess> {
    system::this_process()
}

/// Shows headers as they stand.
pub(super) struct Settled<'s, S>(pub(super) &'s mut S);

impl<S: Sink> Sink for Settled<'_, S> {
    fn run(&mut self, run: &Run) {
        self.0.run(&settle(run.clone()));
    }

    fn record(&mut self, record: &ComparisonRecord) {
        self.0.record(record);
    }

    fn unreadable(&mut self, what: String) {
        self.0.unreadable(what);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::path::Path;

    use cutover_domain::comparison::RunProcess;
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};

    pub(super) fn this_process() -> Option<RunProcess> {
        let id = std::process::id();
        let (_, started) = stat(id)?;
        Some(RunProcess {
            system: system()?,
            id,
            started,
        })
    }

    pub(super) fn lives(process: &RunProcess) -> Option<bool> {
        if system()? != process.system {
            return None;
        }
        match stat(process.id) {
            Some((state, started)) => {
                Some(started == process.started && !matches!(state.as_str(), "Z" | "X"))
            }
            // Others' processes may be hidden from whoever asks.
            None => {
                let id = Pid::from_raw(i32::try_from(process.id).ok()?)?;
                (test_kill_process(id) == Err(Errno::SRCH)).then_some(false)
            }
        }
    }

    /// What tells the ids of processes of one start of one system, and of one container, from those
    /// of any other.
    fn system() -> Option<String> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let ids = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(format!("{} {}", boot.trim(), ids.display()))
    }

    /// The state of a process, and when it started, in ticks since the system did.
    fn stat(id: u32) -> Option<(String, u64)> {
        let stat = fs::read(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
        // The name stands in parentheses and may hold anything; what follows are fields 3, 4, ….
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.to_owned();
        Some((state, fields.nth(18)?.parse().ok()?))
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use cutover_domain::comparison::RunProcess;

    pub(super) fn this_process() -> Option<RunProcess> {
        None
    }

    pub(super) fn lives(_process: &RunProcess) -> Option<bool> {
        None
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use cutover_domain::comparison::{RunId, RunKind};

    use super::*;

    fn run(process: Option<RunProcess>) -> Run {
        let time = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut run = Run::new(RunId::new("r").unwrap(), "r", RunKind::Commands, time);
        run.process = process;
        run
    }

    #[test]
    fn a_run_is_interrupted_only_where_its_process_is_known_to_be_gone() {
        let this = this_process().unwrap();
        let gone = RunProcess {
            started: this.started + 1,
            ..this.clone()
        };
        let never = RunProcess {
            // Past the largest there can be.
            id: 1 << 30,
            ..this.clone()
        };
        let elsewhere = RunProcess {
            system: "another".to_owned(),
            ..gone.clone()
        };
        for (process, state) in [
            (Some(this), RunState::Running),
            (Some(gone.clone()), RunState::Interrupted),
            (Some(never), RunState::Interrupted),
            (Some(elsewhere), RunState::Running),
            (None, RunState::Running),
        ] {
            assert_eq!(settle(run(process.clone())).state, state, "{process:?}");
        }
        let mut complete = run(Some(gone));
        complete.state = RunState::Complete;
        assert_eq!(settle(complete).state, RunState::Complete);
    }
}
