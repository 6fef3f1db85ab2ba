//! Kinds of tables, and what the names of files say of them.

use std::ffi::OsStr;
use std::path::Path;

/// What a table is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableKind {
    Csv,
    Tsv,
    Parquet,
    Arrow,
    JsonLines,
    Sqlite,
}

/// Endings of names, and what they say.
const ENDINGS: &[(&str, TableKind)] = &[
    ("csv", TableKind::Csv),
    ("tsv", TableKind::Tsv),
    ("tab", TableKind::Tsv),
    ("parquet", TableKind::Parquet),
    ("pq", TableKind::Parquet),
    ("arrow", TableKind::Arrow),
    ("feather", TableKind::Arrow),
    ("ipc", TableKind::Arrow),
    ("jsonl", TableKind::JsonLines),
    ("ndjson", TableKind::JsonLines),
    ("db", TableKind::Sqlite),
    ("sqlite", TableKind::Sqlite),
    ("sqlite3", TableKind::Sqlite),
];

impl TableKind {
    /// The name used in documents and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::JsonLines => "jsonl",
            Self::Sqlite => "sqlite",
        }
    }

    /// What a file's name says.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let ending = path.extension().and_then(OsStr::to_str)?;
        let ending = ending.to_ascii_lowercase();
        let (_, kind) = ENDINGS.iter().find(|(known, _)| *known == ending)?;
        Some(*kind)
    }

    /// All endings, for a message.
    pub(crate) fn endings() -> String {
        let endings = ENDINGS.iter().map(|(ending, _)| *ending);
        endings.collect::<Vec<_>>().join(", .")
    }
}
