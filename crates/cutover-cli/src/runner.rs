//! The black-box runner: two commands over a corpus of cases, each run measured and captured.
//!
//! A program is run by a small measuring process ([`measure`]), so that its peak memory is its
//! own, and so that nothing it starts outlives the runner. [`Plan::prepare`] finds everything that
//! can be found wrong before a program runs; [`Runner::run`] then runs pair after pair, old and
//! new in an order drawn for each pair, and hands each one over as soon as it is there.

mod cases;
mod command;
mod execution;
pub(crate) mod measure;
mod protocol;
mod schedule;
mod stop;

use std::ffi::OsString;
use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;

pub(crate) use cases::{Case, Corpus};
pub(crate) use command::CommandLine;
pub(crate) use execution::{Ending, Execution, Limits};
pub(crate) use schedule::{Pair, Runner};
pub(crate) use stop::Stop;

/// Why a run cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunnerError {
    #[error("{option} `{text}` cannot be split into words: a quote is not closed")]
    Quoting { option: &'static str, text: String },
    #[error("{option} names no program")]
    NoProgram { option: &'static str },
    #[error("the program `{program}` of {option} is not there")]
    Missing {
        option: &'static str,
        program: String,
    },
    #[error("`{program}` of {option} cannot be executed")]
    NotExecutable {
        option: &'static str,
        program: String,
    },
    #[error("cannot read the cases in {}: {source}", path.display())]
    Cases { path: PathBuf, source: io::Error },
    #[error("{} is neither a folder nor a JSON Lines file (.jsonl, .ndjson)", path.display())]
    CasesKind { path: PathBuf },
    #[error("there are no cases in {}", path.display())]
    NoCases { path: PathBuf },
    #[error("{}:{line}: {reason}", path.display())]
    CaseLine {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("cannot make a folder for the inputs of the cases: {0}")]
    Work(io::Error),
}

/// How a case gets to a program that has no `{}` for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// On standard input; a program with a `{}` gets nothing there.
    Auto,
    /// On standard input, beside a `{}`.
    Stdin,
    /// As the last argument: the path of a file, the text of a line.
    Argument,
}

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) old: CommandLine,
    pub(crate) new: CommandLine,
    pub(crate) corpus: Corpus,
    pub(crate) delivery: Delivery,
    /// Variables for both programs.
    pub(crate) env: Vec<(String, String)>,
    /// How often each case is run.
    pub(crate) repeats: NonZeroU32,
    /// How many pairs are run at once.
    pub(crate) jobs: NonZeroU32,
    /// Decides which side of a pair goes first.
    pub(crate) seed: u64,
    pub(crate) limits: Limits,
}

impl Plan {
    /// Looks both programs up and makes room for the inputs.
    pub(crate) fn prepare(self) -> Result<Runner, RunnerError> {
        let path = self
            .env
            .iter()
            .rev()
            .find(|(key, _)| key == "PATH")
            .map(|(_, value)| OsString::from(value))
            .or_else(|| std::env::var_os("PATH"));
        let old = self.old.locate("--old", path.as_deref())?;
        let new = self.new.locate("--new", path.as_deref())?;
        // A run that is killed cannot take its folder away, so it has one only when it must.
        let work = self
            .corpus
            .needs_files()
            .then(|| tempfile::Builder::new().prefix("cutover-cases-").tempdir())
            .transpose()
            .map_err(RunnerError::Work)?;
        Ok(Runner::new(self, old, new, work))
    }
}
