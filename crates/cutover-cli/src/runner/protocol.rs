//! What the runner and its measuring process say to each other.
//!
//! They share one socket: one [`Request`] goes out, [`Message`]s come back, each a line of JSON.
//! When the runner closes its sending half, or dies in whatever way, the measuring process reads
//! the end of the stream and ends the program with everything it started. So there is one
//! mechanism for a timeout, for too much output, for Ctrl-C and for `kill -9`.

use std::ffi::OsString;
use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The program to start. Its output goes where the measuring process's own output goes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Path of the program, already looked up.
    pub(super) program: OsString,
    /// The word the user named it by, which the program sees as its own name.
    pub(super) name: OsString,
    pub(super) args: Vec<OsString>,
    /// Whether it gets no other variables than these.
    pub(super) clear: bool,
    /// Variables added to the environment.
    pub(super) env: Vec<(OsString, OsString)>,
    /// The folder it runs in; that of the runner when absent.
    pub(super) folder: Option<OsString>,
    /// The file on standard input; nothing when absent.
    pub(super) stdin: Option<OsString>,
}

/// What happened, in this order: `Started`, `Exited`, `Report`; or `NotStarted` alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// The program runs, as the leader of its own process group.
    Started { pid: u32 },
    /// The program could not be started.
    NotStarted { error: String },
    /// The program ended by itself or was ended. Its group may have other members.
    Exited,
    /// The group is gone and these are the figures.
    Report(Report),
}

/// How a program ended, and what it used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    /// How many processes it left behind outside of its group. They were ended too.
    #[serde(default)]
    pub(super) escaped: u32,
    pub(super) wall_us: u64,
    pub(super) user_us: u64,
    pub(super) system_us: u64,
    /// The largest resident set of the program or of a descendant it waited for.
    pub(super) peak_bytes: u64,
    /// The resident set of the measuring process when it started the program: what Linux reports
    /// for any program that is smaller than this.
    pub(super) floor_bytes: u64,
}

/// Sends one line.
pub(super) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Reads one line that [`send`] wrote.
pub(super) fn parse<T: DeserializeOwned>(line: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(line)?)
}
