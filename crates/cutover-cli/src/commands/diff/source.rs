//! A document that was named on the command line.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format};

use crate::exit::Failure;

/// How much is read of a document, or of a table from a pipe, unless more is asked for.
pub(super) const MOST: usize = 1 << 30;

/// A document before it is read.
pub(super) struct Source {
    name: String,
    bytes: Vec<u8>,
    /// What its name or its content say.
    known: Option<Format>,
}

/// Whether a path stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether what a path names can be read only once: standard input, a pipe, a device.
pub(super) fn is_stream(path: &Path) -> bool {
    is_stdin(path)
        || path.metadata().is_ok_and(|found| {
            let kind = found.file_type();
            !kind.is_file() && !kind.is_dir()
        })
}

/// What a path is called in messages.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Opens what a path names, and says how many bytes it is if that is known.
pub(super) fn open(path: &Path) -> io::Result<(Box<dyn Read>, Option<u64>)> {
    if is_stdin(path) {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let file = File::open(path)?;
    let found = file.metadata()?;
    let size = found.is_file().then_some(found.len());
    Ok((Box::new(file), size))
}

/// There is more than may be read.
pub(super) fn too_large(name: impl fmt::Display, most: usize) -> Failure {
    Failure::trouble(format_args!(
        "{name} has more than the {most} bytes that may be read of it"
    ))
    .hint(
        "--max-input allows more, for example --max-input 4GiB; tables in files are read row by \
         row, whatever their size (--key-columns, --bag)",
    )
}

impl Source {
    /// Reads at most `most` bytes.
    pub(super) fn load(path: &Path, most: usize) -> Result<Self, Failure> {
        let name = name(path);
        let failed = |error| Failure::io(format_args!("read {name}"), &error);
        let (input, size) = open(path).map_err(failed)?;
        let size = size.and_then(|size| usize::try_from(size).ok());
        if size.is_some_and(|size| size > most) {
            return Err(too_large(name, most));
        }
        // One more than a file says, for the read that finds its end.
        let mut bytes = Vec::with_capacity(size.map_or(0, |size| size + 1));
        let mut input = input.take((most as u64).saturating_add(1));
        input.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() > most {
            return Err(too_large(name, most));
        }
        let of_name = (!is_stdin(path)).then_some(&*name);
        let known = Format::detect(of_name, &bytes);
        Ok(Self { name, bytes, known })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its format: the one that was asked for, its own, the other document's; else it is text.
    pub(super) fn format(&self, asked: Option<Format>, other: &Self) -> Format {
        asked.or(self.known).or(other.known).unwrap_or(Format::Text)
    }

    pub(super) fn read(&self, format: Format) -> Result<Tree, Failure> {
        let document = Document::new(&self.bytes).named(&self.name).format(format);
        document.read().map_err(|error| {
            let failure = Failure::trouble(&error);
            if Format::of_file(&self.name) == Some(format) {
                return failure;
            }
            failure.hint(format_args!(
                "it was read as {format}; --input-format says what it is"
            ))
        })
    }
}
