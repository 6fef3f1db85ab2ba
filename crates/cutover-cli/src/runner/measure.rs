//! The measuring process: a tiny re-execution of this binary between the runner and a program.
//!
//! Linux keeps a process's peak memory across `execve`, and a child starts with the memory of
//! the process that forked it. A program started by the runner itself would seem to have used
//! at least as much as the runner had, which grows with the run. So a program is started
//! by a fresh process that has allocated next to nothing. What that process has is the measuring
//! floor; it is reported with the figures.
//!
//! It also keeps the promise that no program outlives the runner: see [`super::protocol`].

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use wait4::Wait4;

use super::descendants;
use super::protocol::{Message, Report, Request, parse, send};

/// The hidden first argument that makes this binary a measuring process.
pub(crate) const ARGUMENT: &str = "__measure";

/// Runs as a measuring process when the arguments say so. To be asked before anything else is
/// done, because everything done before it raises the measuring floor.
#[must_use]
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let asked = std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == ARGUMENT);
    asked.then(|| match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(3),
    })
}

fn measure() -> io::Result<()> {
    let runner = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut sender = runner.try_clone()?;
    let mut receiver = BufReader::new(runner);
    let mut line = Vec::new();
    receiver.read_until(b'\n', &mut line)?;
    let request: Request = parse(&line)?;

    descendants::adopt();
    let started = Instant::now();
    let child = match start(&request) {
        Ok(child) => child,
        Err(error) => {
            return send(
                &mut sender,
                &Message::NotStarted {
                    error: error.to_string(),
                },
            );
        }
    };
    let pid = Pid::from_child(&child);
    let followed = follow(child, started, sender, receiver);
    if followed.is_err() {
        // Nobody watches over the program any more.
        let _ = kill_process_group(pid, Signal::KILL);
        descendants::end_all(pid);
    }
    followed
}

/// Tells the runner about the program until it has ended, and ends it when the runner is gone.
fn follow(
    child: Child,
    started: Instant,
    mut sender: UnixStream,
    mut receiver: BufReader<UnixStream>,
) -> io::Result<()> {
    // Until the program's own image is there it shares the memory of this process, so this is at
    // least what it began with.
    let floor_bytes = own_peak();
    release_output()?;
    let pid = Pid::from_child(&child);
    // An error is a runner that is gone already, and the program goes with it.
    send(&mut sender, &Message::Started { pid: child.id() })?;
    let guard = thread::spawn(move || {
        // The runner says nothing more: what comes is the end of the stream.
        let _ = receiver.read(&mut [0]);
        // Fails when the group is gone already, which is what is wanted.
        let _ = kill_process_group(pid, Signal::KILL);
    });
    // The program stays a zombie until the guard is done, so the number of its group cannot have
    // been given to somebody else when the group is killed.
    await_exit(pid)?;
    let wall = started.elapsed();
    // A runner that is gone is seen by the guard.
    let _ = send(&mut sender, &Message::Exited);
    let _ = guard.join();
    let used = child.wait4()?;
    let escaped = descendants::end_all(pid);
    let report = Report {
        escaped,
        code: used.status.code(),
        signal: used.status.signal(),
        wall_us: micros(wall),
        user_us: micros(used.rusage.utime),
        system_us: micros(used.rusage.stime),
        peak_bytes: used.rusage.maxrss,
        floor_bytes,
    };
    // There may be nobody left to tell, and there is nothing left to end.
    let _ = send(&mut sender, &Message::Report(report));
    Ok(())
}

fn start(request: &Request) -> io::Result<Child> {
    let stdin = match &request.stdin {
        Some(path) => File::open(path).map(Stdio::from).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot read the case `{}`: {error}", path.display()),
            )
        })?,
        None => Stdio::null(),
    };
    let mut command = Command::new(&request.program);
    if request.clear {
        command.env_clear();
    }
    if let Some(folder) = &request.folder {
        command.current_dir(folder);
    }
    command
        .arg0(&request.name)
        .args(&request.args)
        .envs(request.env.iter().map(|(key, value)| (key, value)))
        .stdin(stdin)
        .process_group(0)
        .spawn()
}

/// Lets go of the program's output, so that its end is seen as soon as the program ends.
fn release_output() -> io::Result<()> {
    let nowhere = File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    Ok(())
}

fn await_exit(pid: Pid) -> io::Result<()> {
    loop {
        match waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result.map(drop)?),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The largest resident set of this process so far, from the kernel's own count. Elsewhere than
/// on Linux a program does not inherit it, and there is no floor.
fn own_peak() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return 0;
    };
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok())
        .map_or(0, |kib| kib * 1024)
}
