//! Delimited text into records, by hand.

/// Splits delimited text into records: the line on which each starts (from 1), and its cells.
///
/// A quote opens a quoted cell only at the start of a cell; inside, a doubled quote is a quote and
/// a line break is part of the cell. Lines end with LF, CRLF or CR. Empty lines are no records.
///
/// ```
/// let records = mdm::legacy::split_records("a;\"b;\"\"c\"\"\nd\"\n\ne;f\n", ';');
/// assert_eq!(records[0], (1, vec!["a".to_owned(), "b;\"c\"\nd".to_owned()]));
/// assert_eq!(records[1], (4, vec!["e".to_owned(), "f".to_owned()]));
/// ```
#[must_use]
pub fn split_records(text: &str, delimiter: char) -> Vec<(u64, Vec<String>)> {
    let mut records = Vec::new();
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut in_quotes = false;
    // An empty line and a line with one empty quoted cell look the same without this.
    let mut something = false;
    let mut line = 1;
    let mut starts_on = 1;

    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if in_quotes {
            if c == '"' && chars.peek() == Some(&'"') {
                chars.next();
                cell.push('"');
            } else if c == '"' {
                in_quotes = false;
            } else {
                line += u64::from(c == '\n');
                cell.push(c);
            }
        } else if c == '"' && cell.is_empty() && !something {
            in_quotes = true;
            something = true;
        } else if c == delimiter {
            cells.push(std::mem::take(&mut cell));
            something = false;
        } else if c == '\n' || c == '\r' {
            if c == '\r' && chars.peek() == Some(&'\n') {
                chars.next();
            }
            if something || !cell.is_empty() || !cells.is_empty() {
                cells.push(std::mem::take(&mut cell));
                records.push((starts_on, std::mem::take(&mut cells)));
            }
            something = false;
            line += 1;
            starts_on = line;
        } else {
            something = true;
            cell.push(c);
        }
    }
    if something || !cell.is_empty() || !cells.is_empty() {
        cells.push(cell);
        records.push((starts_on, cells));
    }
    records
}
