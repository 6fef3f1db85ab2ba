//! A whole dataset in memory, every cell a string.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::{json, sniff, split::split_records};
use crate::error::DatasetError;
use crate::profile::{Encoding, Format};
use crate::source::format_of;

/// A dataset in memory. An absent value of a JSON record is an empty string.
pub(super) struct Table {
    pub(super) encoding: Encoding,
    pub(super) format: Format,
    pub(super) delimiter: Option<char>,
    pub(super) header: bool,
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let format = format_of(path)?;
        let bytes = fs::read(path).map_err(|error| DatasetError::io(path, &error))?;
        if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
            return Err(DatasetError::Binary {
                path: path.to_owned(),
                offset: offset as u64,
            });
        }
        let (encoding, text) = decode(&bytes);
        if text.trim().is_empty() {
            return Err(DatasetError::Empty {
                path: path.to_owned(),
            });
        }
        match format {
            Format::Json => {
                let (names, rows) = json::records(path, &text)?;
                Ok(Self {
                    encoding,
                    format,
                    delimiter: None,
                    header: true,
                    names,
                    rows,
                })
            }
            Format::Csv => Self::from_delimited(path, encoding, &text),
        }
    }

    fn from_delimited(path: &Path, encoding: Encoding, text: &str) -> Result<Self, DatasetError> {
        let delimiter = sniff::delimiter(text);
        let mut records = split_records(text, delimiter);
        let Some(width) = records.first().map(|(_, cells)| cells.len()) else {
            return Err(DatasetError::Empty {
                path: path.to_owned(),
            });
        };
        for (line, cells) in &records {
            if cells.len() != width {
                return Err(DatasetError::Ragged {
                    path: path.to_owned(),
                    line: *line,
                    expected: width,
                    found: cells.len(),
                });
            }
        }

        let header = sniff::has_header(&records[0].1);
        let names: Vec<String> = if header {
            records
                .remove(0)
                .1
                .iter()
                .map(|name| name.trim().to_owned())
                .collect()
        } else {
            (1..=width)
                .map(|number| format!("column_{number}"))
                .collect()
        };
        refuse_duplicates(path, &names)?;
        let rows = records
            .into_iter()
            .map(|(_, cells)| {
                cells
                    .into_iter()
                    .map(|cell| cell.trim().to_owned())
                    .collect()
            })
            .collect();
        let format = Format::Csv;
        Ok(Self {
            encoding,
            format,
            delimiter: Some(delimiter),
            header,
            names,
            rows,
        })
    }
}

/// UTF-8 if it is, else ISO 8859-1, in which every byte is the character of the same number.
fn decode(bytes: &[u8]) -> (Encoding, String) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (Encoding::Utf8, text.to_owned()),
        Err(_) => (
            Encoding::Latin1,
            bytes.iter().map(|&byte| char::from(byte)).collect(),
        ),
    }
}

fn refuse_duplicates(path: &Path, names: &[String]) -> Result<(), DatasetError> {
    let mut seen = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name.as_str(), index) {
            return Err(DatasetError::DuplicateHeader {
                path: path.to_owned(),
                name: name.clone(),
                first: first + 1,
                second: index + 1,
            });
        }
    }
    Ok(())
}
