//! Why the demonstration cannot go on.

use std::io;
use std::path::PathBuf;

use cutover::HomeError;
use cutover::execution::BuildError;
use cutover::flags::ApplyError;
use cutover::ports::PortError;

use crate::error::DatasetError;

/// Why the demonstration cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The folder is somebody else's.
    #[error(
        "{}: there is something in this folder that the demonstration did not make; \
         name an empty folder with --home DIR",
        .0.display()
    )]
    NotOurs(PathBuf),
    /// A home that cannot be opened.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A flag that cannot be changed.
    #[error(transparent)]
    Flags(#[from] ApplyError),
    /// A store that does not work.
    #[error(transparent)]
    Store(#[from] PortError),
    /// An operation that cannot be built.
    #[error(transparent)]
    Operation(#[from] BuildError),
    /// A dataset that cannot be prepared.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file, or the terminal.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The `cutover` program did not do as it was told.
    #[error("`{command}` failed: {problem}")]
    Program {
        /// The command.
        command: String,
        /// What it said.
        problem: String,
    },
    /// A comparison store without a comparison, after so many.
    #[error("there is nothing to report: the comparison store kept nothing")]
    NothingCompared,
    /// A flag change that did not reach this process.
    #[error("flag revision {0} did not come into force here within ten seconds")]
    NotInForce(u64),
}

impl From<io::Error> for DemoError {
    fn from(source: io::Error) -> Self {
        Self::Io {
            what: "cannot write the story".to_owned(),
            source,
        }
    }
}

impl DemoError {
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
