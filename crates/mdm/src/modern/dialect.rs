//! Delimiter and header of delimited text, from a sample of its records.

use std::collections::HashSet;
use std::io::Read;

use csv::{ReaderBuilder, StringRecord};

use super::cell::{Meaning, meaning_of};

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];
const SAMPLE_BYTES: u64 = 64 * 1024;
const SAMPLE_RECORDS: usize = 50;

/// How cells and records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) header: bool,
}

/// Finds the dialect: the delimiter with which most of the sampled records have the width of the
/// first one; among equals the one that makes more cells.
pub(super) fn detect(text: impl Read) -> std::io::Result<Dialect> {
    let mut sample = Vec::new();
    text.take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    let (mut best, mut best_score, mut first) = (b',', (0, 0), None);
    for delimiter in CANDIDATES {
        let records = records(&sample, delimiter);
        let Some(head) = records.first() else {
            continue;
        };
        let even = records
            .iter()
            .filter(|record| record.len() == head.len())
            .count();
        // A single cell is always even, so it says nothing.
        let share = if head.len() == 1 {
            0
        } else {
            even * 100 / records.len()
        };
        if first.is_none() || (share, head.len()) > best_score {
            (best, best_score, first) = (delimiter, (share, head.len()), Some(head.clone()));
        }
    }
    Ok(Dialect {
        delimiter: best,
        header: first.is_some_and(|record| is_header(&record)),
    })
}

fn records(sample: &[u8], delimiter: u8) -> Vec<StringRecord> {
    let reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(sample);
    let mut records: Vec<_> = reader
        .into_byte_records()
        .map_while(Result::ok)
        .take(SAMPLE_RECORDS + 1)
        .collect();
    // The end of the sample may have cut the last one, a full one included.
    if records.len() > 2 {
        records.pop();
    }
    records
        .into_iter()
        .map(StringRecord::from_byte_record_lossy)
        .collect()
}

/// A header names every column, each differently, and a name is neither a number nor a date.
fn is_header(record: &StringRecord) -> bool {
    let mut names = HashSet::new();
    record.iter().all(|cell| {
        let cell = cell.trim();
        // A repeated name is still a name: it is reported as a duplicate, not read as data.
        names.insert(cell);
        !cell.is_empty() && matches!(meaning_of(cell), Meaning::Text | Meaning::Boolean)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (char, bool) {
        let dialect = detect(text.as_bytes()).unwrap();
        (char::from(dialect.delimiter), dialect.header)
    }

    #[test]
    fn the_delimiter_that_makes_even_records_wins() {
        assert_eq!(of("a;b,c;d\n1;2,5;3\n4;5,5;6\n"), (';', true));
        assert_eq!(of("name\tnote\nx\ta, b, c\ny\td\n"), ('\t', true));
        assert_eq!(of("a|b\n\"x\n,,,\ny\"|2\n"), ('|', true));
        assert_eq!(of("only\none\ncolumn\n"), (',', true));
    }

    #[test]
    fn numbers_dates_and_gaps_are_no_names() {
        assert!(!of("1,x\n2,y\n").1);
        assert!(!of("a,2013-01-01\nb,2013-01-02\n").1);
        assert!(!of("a,,c\nd,,f\n").1);
    }
}
