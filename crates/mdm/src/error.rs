//! What can be wrong with a dataset: one error type for both implementations, so that "both
//! refuse it, for the same reason" is a match and not a difference.

use std::io;
use std::path::{Path, PathBuf};

/// Why a dataset cannot be profiled or registered: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// There is no such file.
    #[error("{}: there is no such file; check the path", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file is there but cannot be read.
    #[error("{}: cannot be read: {reason}", path.display())]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// The name of the file says that it is something else.
    #[error("{}: not a kind of dataset; give a .csv, .tsv, .txt or .json file", path.display())]
    Unsupported {
        /// The path as it was given.
        path: PathBuf,
    },
    /// There is nothing in it.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A zero byte: this is not text.
    #[error("{}: not a text file (a zero byte at offset {offset})", path.display())]
    Binary {
        /// The path as it was given.
        path: PathBuf,
        /// Where the first zero byte is.
        offset: u64,
    },
    /// A record has more or fewer cells than the first one.
    #[error(
        "{}:{line}: this record has {found} cells, the first one has {expected}; \
         mend the record or quote the delimiter in it",
        path.display()
    )]
    Ragged {
        /// The path as it was given.
        path: PathBuf,
        /// The line on which the record starts, from 1.
        line: u64,
        /// Cells of the first record.
        expected: usize,
        /// Cells of this record.
        found: usize,
    },
    /// Two columns have one name.
    #[error("{}: the header has `{name}` twice (columns {first} and {second}); rename one", path.display())]
    DuplicateHeader {
        /// The path as it was given.
        path: PathBuf,
        /// The name.
        name: String,
        /// The first column with it, from 1.
        first: usize,
        /// The second column with it, from 1.
        second: usize,
    },
    /// The JSON text is not valid.
    #[error("{}:{line}:{column}: not valid JSON: {problem}", path.display())]
    Json {
        /// The path as it was given.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser met.
        problem: String,
    },
    /// Valid JSON without a list of objects.
    #[error(
        "{}: no records; give a list of objects, or an object with such a list in it",
        path.display()
    )]
    NoRecords {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file was changed between the profile and the copy into the catalog.
    #[error("{}: the file changed while it was registered; nothing was kept, try again", path.display())]
    Changed {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The name of a dataset is not one.
    #[error("`{name}` is not a name for a dataset: {problem}")]
    InvalidName {
        /// The name.
        name: String,
        /// Why not.
        problem: &'static str,
    },
    /// The name is taken.
    #[error(
        "the dataset `{name}` is already registered (from {source_file}, {registered_at}); \
         nothing was changed, choose another name"
    )]
    AlreadyRegistered {
        /// The name.
        name: String,
        /// The file it was registered from.
        source_file: String,
        /// When, as RFC 3339.
        registered_at: String,
    },
    /// The caller asked to stop.
    #[error("registering `{name}` was cancelled; nothing was kept")]
    Cancelled {
        /// The dataset.
        name: String,
    },
    /// The catalog's database said no.
    #[error("the catalog {}: cannot {doing}: {reason}", path.display())]
    Catalog {
        /// The database file.
        path: PathBuf,
        /// What was tried (an infinitive).
        doing: &'static str,
        /// What SQLite said.
        reason: String,
    },
    /// The switch of the demonstration, see [`Fault`](crate::modern::Fault).
    #[error("{}: the modern profiler is out of order (an injected fault)", path.display())]
    Injected {
        /// The path as it was given.
        path: PathBuf,
    },
}

impl DatasetError {
    /// A short stable word for the kind of error, for counting.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Unreadable { .. } => "unreadable",
            Self::Unsupported { .. } => "unsupported",
            Self::Empty { .. } => "empty",
            Self::Binary { .. } => "binary",
            Self::Ragged { .. } => "ragged",
            Self::DuplicateHeader { .. } => "duplicate_header",
            Self::Json { .. } => "json",
            Self::NoRecords { .. } => "no_records",
            Self::Changed { .. } => "changed",
            Self::InvalidName { .. } => "invalid_name",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::Cancelled { .. } => "cancelled",
            Self::Catalog { .. } => "catalog",
            Self::Injected { .. } => "injected",
        }
    }

    /// Whether the answer is "this dataset is not acceptable": a right answer, which another
    /// implementation would give as well.
    #[must_use]
    pub fn is_about_the_dataset(&self) -> bool {
        !matches!(
            self,
            Self::Unreadable { .. }
                | Self::Changed { .. }
                | Self::Cancelled { .. }
                | Self::Catalog { .. }
                | Self::Injected { .. }
        )
    }

    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        if error.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path }
        } else {
            Self::Unreadable {
                path,
                reason: error.to_string(),
            }
        }
    }

    pub(crate) fn json(path: &Path, error: &serde_json::Error) -> Self {
        // The position is told apart, so it is taken off the end of the parser's sentence.
        let text = error.to_string();
        let problem = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(problem, _)| problem);
        Self::Json {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            problem: problem.to_owned(),
        }
    }
}
