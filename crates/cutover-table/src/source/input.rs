//! Bytes that can be read more than once.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes of a text table are.
///
/// ```
/// use cutover_table::{CsvDialect, Table};
///
/// Table::csv(std::path::Path::new("old.csv"), CsvDialect::default());
/// Table::csv(b"id,price\n1,2.50\n".to_vec(), CsvDialect::default()).named("old");
/// ```
#[derive(Clone, Debug)]
pub enum Input {
    /// A file; not a pipe, since it is read more than once.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Arc<[u8]>),
}

impl Input {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes(_) => "bytes".to_owned(),
        }
    }

    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => Box::new(open(path)?),
            Self::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

/// Opens a table, which is read more than once.
///
/// # Errors
///
/// As of [`File::open`]; and it is a pipe or a device, which would be waited for, or have no end.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        return File::open(path);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "this is a pipe or a device, and a table is read more than once; copy it to a file",
    ))
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}
