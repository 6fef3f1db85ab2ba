//! Guesses about the dialect, from the first lines.

use super::infer::is_number;
use super::split::split_records;

const CANDIDATES: [char; 4] = [',', ';', '\t', '|'];
const LINES: usize = 10;

/// The delimiter that splits the first lines into the most cells, the same number in each.
///
/// When none does so evenly, the one that is there most often; a file of one column has a comma.
pub(super) fn delimiter(text: &str) -> char {
    let sample: String = text.split_inclusive('\n').take(LINES).collect();
    let mut even = (',', 1);
    for candidate in CANDIDATES {
        let records = split_records(&sample, candidate);
        // A quoted line break may cut the last record of the sample short.
        let whole = if records.len() > 2 {
            &records[..records.len() - 1]
        } else {
            &records[..]
        };
        let Some(width) = whole.first().map(|(_, cells)| cells.len()) else {
            continue;
        };
        if width > even.1 && whole.iter().all(|(_, cells)| cells.len() == width) {
            even = (candidate, width);
        }
    }
    if even.1 > 1 {
        return even.0;
    }
    let count = |candidate: char| sample.matches(candidate).count();
    let mut best = ',';
    for candidate in CANDIDATES {
        if count(candidate) > count(best) {
            best = candidate;
        }
    }
    best
}

/// The first record is a header unless there is a number in it.
pub(super) fn has_header(first: &[String]) -> bool {
    !first.iter().any(|cell| is_number(cell.trim()))
}
