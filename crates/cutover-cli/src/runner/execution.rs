//! One program, run once on one case, with everything that is captured of it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::capture::{Keep, Reader};
use super::counters::Counters;
use super::launch::Launch;
use super::measure;
use super::outputs::OutputFiles;
use super::protocol::{Message, Report, Request, parse, send};
use super::rooms::Room;
use super::stop::{Cut, Lifeline, Stop};

/// How long processes that a program left behind may hold its messages open, where nobody compares
/// them, before they are ended.
const LEFT_BEHIND: Duration = Duration::from_secs(1);
/// How often it is looked whether a program whose output is read was ended meanwhile.
const GLANCE: Duration = Duration::from_millis(100);
/// How long the measuring process may take to end a group and to report.
const ENDING: Duration = Duration::from_secs(10);
/// Linux counts resident pages in batches per thread: a peak this near the floor is the floor's.
const FLOOR_SLACK: u64 = 256 * 1024;

/// What a program may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Wall time, after which its whole process group is killed.
    pub(crate) timeout: Duration,
    /// Bytes on stdout, after which its whole process group is killed.
    pub(crate) output: usize,
    /// Bytes of the end of stderr that are kept.
    pub(crate) messages: usize,
    /// Whether stderr is part of the answer, so that it is read to its end as stdout is.
    pub(crate) messages_count: bool,
}

impl Limits {
    /// Enough of the end of stderr to tell what went wrong.
    pub(crate) const MESSAGES: usize = 8 * 1024;
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With this exit status.
    Exited(i32),
    /// By this signal, which the runner did not send.
    Signalled(i32),
    /// Killed after the time limit.
    TimedOut,
    /// Killed because it wrote more than the limit.
    TooMuchOutput,
    /// It ended by itself, but what it left behind held its output open to the time limit, so that
    /// nobody knows what more there was to come.
    LeftOpen,
    /// Killed because the run was stopped.
    Stopped,
    /// It could not be run; why.
    Failed(String),
}

/// What was captured.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) ending: Ending,
    pub(crate) stdout: Vec<u8>,
    /// The end of stderr.
    pub(crate) stderr: Vec<u8>,
    /// How many bytes of stderr went before the end that is kept.
    pub(crate) stderr_dropped: u64,
    /// Figures, when the program ended by itself.
    pub(crate) usage: Option<Usage>,
    /// It left processes behind, and they were ended.
    pub(crate) left_behind: bool,
    /// What it counted itself.
    pub(crate) counters: Counters,
    /// The files it was to write, or why they cannot be told.
    pub(crate) files: Result<OutputFiles, String>,
    /// Where it ran, and where those files are as long as this lives.
    pub(super) room: Option<Room>,
}

/// What a program used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) wall: Duration,
    /// Processor time, with that of the children it waited for.
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// Absent when it is not above the measuring floor.
    pub(crate) peak_memory: Option<u64>,
    pub(crate) floor: u64,
}

impl Usage {
    fn from_report(report: &Report) -> Self {
        let above = report.peak_bytes > report.floor_bytes.saturating_add(FLOOR_SLACK);
        Self {
            wall: Duration::from_micros(report.wall_us),
            user: Duration::from_micros(report.user_us),
            system: Duration::from_micros(report.system_us),
            peak_memory: above.then_some(report.peak_bytes),
            floor: report.floor_bytes,
        }
    }
}

impl Execution {
    pub(super) fn failed(why: impl Into<String>) -> Self {
        Self::not_run(Ending::Failed(why.into()))
    }

    /// Not begun, because the run was stopped.
    pub(super) fn stopped() -> Self {
        Self::not_run(Ending::Stopped)
    }

    fn not_run(ending: Ending) -> Self {
        Self {
            ending,
            stdout: Vec::new(),
            stderr: Vec::new(),
            stderr_dropped: 0,
            usage: None,
            left_behind: false,
            counters: Counters::default(),
            files: Ok(OutputFiles::new()),
            room: None,
        }
    }

    /// One that ended so and wrote this.
    #[cfg(test)]
    pub(crate) fn for_test(ending: Ending, stdout: &str) -> Self {
        Self {
            stdout: stdout.into(),
            ..Self::not_run(ending)
        }
    }

    /// Moves everything there is of it to a folder that is not there yet: what it wrote, and its
    /// room.
    pub(crate) fn keep(&mut self, folder: &Path) -> io::Result<()> {
        match &mut self.room {
            Some(room) => room.keep(folder)?,
            None => fs::create_dir(folder)?,
        }
        fs::write(folder.join("stdout"), &self.stdout)?;
        fs::write(folder.join("stderr"), &self.stderr)
    }

    /// Runs `launch` to its end, which comes at the latest a little after the time limit.
    pub(super) fn run(launch: Launch, limits: Limits, stop: &Stop) -> Self {
        match Running::start(launch, limits, stop) {
            Ok(running) => running.finish(),
            Err(error) => Self::failed(format!("cannot start the measuring process: {error}")),
        }
    }
}

/// What a program that ended left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// Somebody who holds its messages open, which nobody compares.
    MessagesOpen,
    /// Somebody who held its answer open until its time was over.
    AnswerOpen,
}

/// A program that runs, seen from the runner.
struct Running {
    measuring: Child,
    lifeline: Arc<Lifeline>,
    messages: BufReader<UnixStream>,
    stdout: Reader,
    stderr: Reader,
    limits: Limits,
    closed: Receiver<()>,
    deadline: Instant,
    pid: Option<Pid>,
}

impl Running {
    fn start(launch: Launch, limits: Limits, stop: &Stop) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut measuring = {
            let mut command = Command::new(own_binary()?);
            command
                .arg(measure::ARGUMENT)
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                // Out of the terminal's foreground group: Ctrl-C is for the runner to handle.
                .process_group(0);
            command.spawn()?
        };
        let lifeline = Arc::new(Lifeline::new(ours.try_clone()?));
        stop.includes(&lifeline);
        let (finished, closed) = channel();
        let too_much = Arc::clone(&lifeline);
        let stdout = Reader::spawn(
            measuring.stdout.take(),
            Keep::Start {
                limit: limits.output,
                exceeded: too_much,
            },
            finished.clone(),
        );
        let stderr = Reader::spawn(
            measuring.stderr.take(),
            Keep::End(limits.messages),
            finished,
        );
        let deadline = Instant::now() + limits.timeout;
        let request = Request {
            program: launch.program,
            name: launch.name,
            args: launch.args,
            clear: launch.clear,
            env: launch.env,
            folder: launch.folder,
            stdin: launch.stdin,
        };
        // Fails when the lifeline has been cut already; the reports that follow say so.
        let _ = send(&mut &ours, &request);
        let messages = BufReader::new(ours);
        Ok(Self {
            measuring,
            lifeline,
            messages,
            stdout,
            stderr,
            limits,
            closed,
            deadline,
            pid: None,
        })
    }

    fn finish(mut self) -> Execution {
        let outcome = self.follow();
        self.lifeline.cut(Cut::AfterExit);
        if outcome.is_err() {
            self.end_orphans();
        }
        let _ = self.measuring.wait();
        let until = Instant::now() + ENDING;
        self.await_output(until, |running| {
            running.answer_has_ended() && running.stderr.is_done()
        });
        let (report, left) = match outcome {
            Ok(outcome) => outcome,
            Err(why) if self.lifeline.why() == Some(Cut::Stopped) => (Err(why), Left::Nothing),
            Err(why) => return Execution::failed(why),
        };
        let (stdout, beyond_limit) = self.stdout.take_end(usize::MAX);
        let ending = match ending(self.lifeline.why(), &report) {
            // What it left behind wrote too much after it had ended.
            Ending::Exited(_) | Ending::Signalled(_) if beyond_limit > 0 => Ending::TooMuchOutput,
            Ending::Exited(_) | Ending::Signalled(_) if left == Left::AnswerOpen => {
                Ending::LeftOpen
            }
            ending => ending,
        };
        let ended_itself = matches!(ending, Ending::Exited(_) | Ending::Signalled(_));
        let (stderr, stderr_dropped) = self.stderr.take_end(self.limits.messages);
        let left_behind =
            left != Left::Nothing || report.as_ref().is_ok_and(|report| report.escaped > 0);
        let usage = report
            .ok()
            .filter(|_| ended_itself)
            .map(|report| Usage::from_report(&report));
        Execution {
            ending,
            stdout,
            stderr,
            stderr_dropped,
            usage,
            left_behind,
            counters: self.stderr.take_counters(),
            files: Ok(OutputFiles::new()),
            room: None,
        }
    }

    /// Reads the messages up to the report. The outer error is trouble with the measuring
    /// process, the inner one a program that did not start.
    fn follow(&mut self) -> Result<(Result<Report, String>, Left), String> {
        let mut left = Left::Nothing;
        let mut ending = false;
        loop {
            match self.next_message() {
                Ok(Some(Message::Started { pid })) => {
                    self.pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
                }
                Ok(Some(Message::NotStarted { error })) => return Ok((Err(error), left)),
                Ok(Some(Message::Exited)) => {
                    left = self.await_ends();
                    self.lifeline.cut(Cut::AfterExit);
                    self.deadline = Instant::now() + ENDING;
                    ending = true;
                }
                Ok(Some(Message::Report(report))) => return Ok((Ok(report), left)),
                Ok(None) => {
                    return Err("the measuring process ended without a report; \
                                was it killed, or is the machine out of memory?"
                        .to_owned());
                }
                Err(error) if is_timeout(&error) => {
                    if ending {
                        return Err("the measuring process does not answer".to_owned());
                    }
                    self.lifeline.cut(Cut::TimedOut);
                    self.deadline = Instant::now() + ENDING;
                    ending = true;
                }
                Err(error) => return Err(format!("the measuring process was lost: {error}")),
            }
        }
    }

    fn next_message(&mut self) -> io::Result<Option<Message>> {
        let mut line = Vec::new();
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            // A timeout of zero would mean none at all.
            let left = left.max(Duration::from_millis(1));
            self.messages.get_ref().set_read_timeout(Some(left))?;
            match self.messages.read_until(b'\n', &mut line) {
                Ok(_) if line.last() == Some(&b'\n') => return parse(&line).map(Some),
                Ok(_) => return Ok(None),
                // What was read so far stays in `line`; the kernel may wake us a little early.
                Err(error) if is_timeout(&error) && Instant::now() < self.deadline => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads what a program that has ended wrote, to the end of file as a pipe is read: what it left
    /// behind may still write there. That has the time that the program had.
    fn await_ends(&self) -> Left {
        if !self.await_output(self.deadline, Self::answer_has_ended) {
            return Left::AnswerOpen;
        }
        let until = self.deadline.min(Instant::now() + LEFT_BEHIND);
        if !self.await_output(until, |running| running.stderr.is_done()) {
            return Left::MessagesOpen;
        }
        Left::Nothing
    }

    fn answer_has_ended(&self) -> bool {
        self.stdout.is_done() && (!self.limits.messages_count || self.stderr.is_done())
    }

    /// Waits until `ended`, or until the program is ended, which closes what it wrote to. False when
    /// it was not so by then.
    fn await_output(&self, until: Instant, ended: impl Fn(&Self) -> bool) -> bool {
        let cut_before = self.lifeline.why().is_some();
        while !ended(self) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return ended(self);
            }
            if !cut_before && self.lifeline.why().is_some() {
                return true;
            }
            let _ = self.closed.recv_timeout(left.min(GLANCE));
        }
        true
    }

    /// Ends the group of a program whose measuring process was lost.
    fn end_orphans(&mut self) {
        if let Some(pid) = self.pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.measuring.kill();
    }
}

fn ending(cut: Option<Cut>, report: &Result<Report, String>) -> Ending {
    let by_us = |report: &Report| report.signal == Some(Signal::KILL.as_raw());
    match (cut, report) {
        (Some(Cut::TooMuchOutput), _) => Ending::TooMuchOutput,
        // A program that was faster than the signal ended by itself.
        (Some(Cut::TimedOut), Ok(report)) if by_us(report) => Ending::TimedOut,
        (Some(Cut::Stopped), Ok(report)) if by_us(report) => Ending::Stopped,
        (Some(Cut::Stopped), Err(_)) => Ending::Stopped,
        (_, Err(why)) => Ending::Failed(why.clone()),
        (
            _,
            Ok(Report {
                code: Some(code), ..
            }),
        ) => Ending::Exited(*code),
        (
            _,
            Ok(Report {
                signal: Some(signal),
                ..
            }),
        ) => Ending::Signalled(*signal),
        (_, Ok(_)) => Ending::Failed("it ended with neither a status nor a signal".to_owned()),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// The running binary itself, also when its file has been replaced since.
fn own_binary() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}
