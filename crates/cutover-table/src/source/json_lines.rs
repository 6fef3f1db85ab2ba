//! JSON Lines: an object a line, its members are the columns.
//!
//! Values say their types one by one, so the document is looked through as a whole first. A member
//! that is missing is null. Columns that hold arrays, objects or values of several kinds are
//! compared as JSON text, in the one form that equal values share.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use cutover_domain::tree::{Kind, Node, Tree};

use super::builder::{Builder, batch, builders};
use super::json::canonical;
use super::observed::Observed;
use super::{
    Batch, Batches, Column, Input, Reading, Source, Surroundings, Wanted, Written, batches_of,
    rows_of_batch,
};
use crate::TableError;
use crate::column_type::word;
use crate::error::Place;

/// The longest line, in bytes.
const LONGEST: u64 = 256 << 20;

/// The most columns. More are not columns, but data in the place of names.
const MOST_COLUMNS: usize = 200_000;

/// A JSON Lines document.
pub(super) struct JsonLines {
    input: Input,
    names: Vec<String>,
    rows: Option<u64>,
}

impl JsonLines {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            names: Vec::new(),
            rows: None,
        }
    }

    fn open(&self, around: &Surroundings) -> Result<Lines, TableError> {
        let input = self.input.open();
        let input = input.map_err(|error| TableError::io(&around.name, error))?;
        Ok(Lines {
            input: BufReader::with_capacity(256 * 1024, input),
            name: Arc::clone(&around.name),
            line: 0,
            bytes: Vec::new(),
        })
    }
}

/// The objects of a document, one after the other.
struct Lines {
    input: BufReader<Box<dyn Read + Send>>,
    name: Arc<str>,
    /// The line read last, from 1.
    line: u64,
    bytes: Vec<u8>,
}

impl Lines {
    /// The next line that holds something.
    fn next(&mut self) -> Result<Option<Tree>, TableError> {
        loop {
            self.bytes.clear();
            let mut limited = (&mut self.input).take(LONGEST + 1);
            let read = limited
                .read_until(b'\n', &mut self.bytes)
                .map_err(|error| TableError::io(&self.name, error))?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if read as u64 > LONGEST {
                return Err(self.wrong(format!("the line is longer than {LONGEST} bytes")));
            }
            let bytes = self
                .bytes
                .strip_prefix(b"\xef\xbb\xbf")
                .filter(|_| self.line == 1);
            let bytes = bytes.unwrap_or(&self.bytes);
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let Ok(text) = std::str::from_utf8(bytes) else {
                return Err(self.wrong(
                    "the line holds bytes that are not UTF-8; convert the document to UTF-8"
                        .to_owned(),
                ));
            };
            let tree = Tree::from_json(text).map_err(|error| {
                let column = error.at.column;
                self.wrong(format!("column {column} of the line: {}", error.kind))
            })?;
            if tree.root().kind() != Kind::Object {
                return Err(self.wrong(format!(
                    "a row is an object, and this is {} {}",
                    if tree.root().kind() == Kind::Array {
                        "an"
                    } else {
                        "a"
                    },
                    tree.root().kind().word()
                )));
            }
            return Ok(Some(tree));
        }
    }

    fn wrong(&self, problem: String) -> TableError {
        TableError::malformed(&self.name, Place::Line(self.line), problem)
    }
}

fn observe(observed: &mut Observed, node: Node<'_>) {
    match node.kind() {
        Kind::Null => {}
        Kind::Bool => observed.boolean(),
        Kind::Number => {
            if let Some(number) = node.number() {
                observed.number(&number.lexeme());
            }
        }
        Kind::String => observed.text(node.as_str().unwrap_or_default()),
        Kind::Array | Kind::Object => observed.nested(),
    }
}

impl Source for JsonLines {
    fn describe(
        &mut self,
        around: &Surroundings,
        seen: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        let mut lines = self.open(around)?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut columns: Vec<Observed> = Vec::new();
        self.names.clear();
        let mut rows = 0;
        while let Some(tree) = lines.next()? {
            for (name, node) in tree.root().entries() {
                let place = places.get(name).copied().unwrap_or_else(|| {
                    places.insert(name.to_owned(), columns.len());
                    self.names.push(name.to_owned());
                    columns.push(Observed::default());
                    columns.len() - 1
                });
                observe(&mut columns[place], node);
            }
            if columns.len() > MOST_COLUMNS {
                return Err(lines.wrong(format!(
                    "there are more than {MOST_COLUMNS} different names of members; this is no \
                     table"
                )));
            }
            rows += 1;
            if rows % 10_000 == 0 {
                seen(rows);
            }
        }
        seen(rows);
        self.rows = Some(rows);
        let columns = columns.iter().zip(&self.names);
        Ok(columns
            .map(|(observed, name)| observed.column(name.clone()))
            .collect())
    }

    fn rows(&self) -> Option<u64> {
        self.rows
    }

    fn read(
        &mut self,
        wanted: &[Wanted],
        _: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError> {
        let mut lines = self.open(around)?;
        let size = rows_of_batch(wanted.len());
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, wanted) in wanted.iter().enumerate() {
            places
                .entry(self.names[wanted.column].clone())
                .or_default()
                .push(at);
        }
        let wanted = wanted.to_vec();
        Ok(batches_of(size, move || {
            next_batch(&mut lines, &wanted, &places, size)
        }))
    }
}

fn next_batch(
    lines: &mut Lines,
    wanted: &[Wanted],
    places: &HashMap<String, Vec<usize>>,
    size: usize,
) -> Result<Batch, TableError> {
    let mut builders = builders(wanted);
    let mut filled = vec![0; wanted.len()];
    let mut rows = 0;
    while rows < size {
        let Some(tree) = lines.next()? else {
            break;
        };
        rows += 1;
        for (name, node) in tree.root().entries() {
            for at in places.get(name).into_iter().flatten() {
                if !push(&mut builders[*at], node, wanted[*at].written) {
                    return Err(lines.wrong(format!(
                        "{} in column {name:?} cannot be read as {}",
                        node.excerpt(80).to_json(),
                        word(&wanted[*at].target)
                    )));
                }
                filled[*at] = rows;
            }
        }
        for (builder, filled) in builders.iter_mut().zip(&mut filled) {
            if *filled < rows {
                builder.push_null();
                *filled = rows;
            }
        }
    }
    // Texts of JSON are UTF-8.
    batch(builders, rows, |_, _| {
        lines.wrong("a text is not UTF-8".to_owned())
    })
}

fn push(builder: &mut Builder, node: Node<'_>, written: Written) -> bool {
    match node.kind() {
        Kind::Null => {
            builder.push_null();
            true
        }
        _ if written != Written::Plain => builder.push(canonical(node, written).as_bytes()),
        Kind::Bool => builder.push(if node.as_bool() == Some(true) {
            b"true"
        } else {
            b"false"
        }),
        Kind::Number => node.number().is_some_and(|number| match number.as_i64() {
            Some(integer) => builder.push_integer(integer),
            None => builder.push(number.lexeme().as_bytes()),
        }),
        Kind::String => builder.push(node.as_str().unwrap_or_default().as_bytes()),
        Kind::Array | Kind::Object => builder.push(canonical(node, written).as_bytes()),
    }
}
