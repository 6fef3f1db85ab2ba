//! The black-box runner: two commands over a corpus of cases, each run measured and captured.
//!
//! A program is run by a small measuring process ([`measure`]), so that its peak memory is its
//! own, and so that nothing it starts outlives the runner. It runs in a room of its own ([`rooms`]).
//! [`Plan::prepare`] finds everything that can be found wrong before a program runs;
//! [`Runner::run`] then runs pair after pair, old and new in an order drawn for each pair, and hands
//! each one over as soon as it is there.

mod capture;
mod cases;
mod command;
mod counters;
mod descendants;
mod environment;
mod execution;
mod folder;
mod identity;
mod launch;
pub(crate) mod measure;
mod order;
mod outputs;
mod protocol;
mod recorded;
mod rooms;
mod schedule;
mod stop;

use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;

pub(crate) use cases::{Case, CaseNames, Corpus};
pub(crate) use command::CommandLine;
pub(crate) use environment::Environment;
pub(crate) use execution::{Ending, Execution, Limits};
pub(crate) use launch::shown;
pub(crate) use outputs::{Output, OutputFile};
pub(crate) use rooms::Workplace;
pub(crate) use schedule::{Load, Pair, Runner, Sequence};
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
    #[error("--case `{pattern}` is no pattern: {reason}")]
    CasePattern { pattern: String, reason: String },
    #[error("no case is named `{pattern}`")]
    NoSuchCase { pattern: String, names: Vec<String> },
    #[error("--output `{text}` names no file: {reason}")]
    Output { text: String, reason: String },
    #[error("{}:{line}: {reason}", path.display())]
    CaseLine {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("cannot copy the folder {}: {source}", folder.display())]
    Workdir { folder: PathBuf, source: io::Error },
    #[error("cannot make a folder for the programs to run in: {0}")]
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

impl Delivery {
    /// The name used in documents.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Stdin => "stdin",
            Self::Argument => "argument",
        }
    }
}

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) old: CommandLine,
    pub(crate) new: CommandLine,
    pub(crate) corpus: Corpus,
    pub(crate) delivery: Delivery,
    pub(crate) environment: Environment,
    pub(crate) workplace: Workplace,
    /// Files that programs are to write.
    pub(crate) outputs: Vec<Output>,
    /// Where rooms are made that may stay; else in the folder for temporary files.
    pub(crate) keep: Option<PathBuf>,
    /// How often each case is run before anything counts.
    pub(crate) warm_ups: u32,
    /// How often each case is run.
    pub(crate) repeats: NonZeroU32,
    /// How often old is run once more beside each pair.
    pub(crate) again: u32,
    /// How many pairs are run at once.
    pub(crate) jobs: NonZeroU32,
    pub(crate) sequence: Sequence,
    /// Draws the order of pairs, and of the sides within each.
    pub(crate) seed: u64,
    pub(crate) limits: Limits,
}
