//! A document that was named on the command line.

use std::io::{self, Read};
use std::path::Path;

use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format};

use crate::exit::Failure;

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

impl Source {
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let (name, bytes) = if is_stdin(path) {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes);
            ("standard input".to_owned(), read.map(|_| bytes))
        } else {
            (path.display().to_string(), std::fs::read(path))
        };
        let bytes = bytes.map_err(|error| Failure::io(format_args!("read {name}"), &error))?;
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
