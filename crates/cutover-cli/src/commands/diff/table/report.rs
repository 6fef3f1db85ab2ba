//! What differs between two tables, for eyes and for programs.

use std::io::{self, Write};

use cutover_table::{
    Cell, ColumnComparison, KeyGroup, Matching, RowSample, RowValues, SchemaDifference,
    SchemaDifferenceKind, TableComparison,
};
use serde::Serialize;

use super::place::Place;
use crate::exit::Failure;
use crate::output::style::{BAD, BOLD, DIM, GOOD, WARN};
use crate::output::{Page, Report, counted, printable, table, write_json_line};

/// How many columns, samples of a column and rows of one side eyes are shown; all are in the JSON.
const COLUMNS: usize = 40;
const SAMPLES: usize = 3;
const ROWS: usize = 5;
/// How much is shown of a value.
const WIDEST: usize = 60;

/// What differs between two tables.
#[derive(Serialize)]
pub(super) struct Found {
    #[serde(flatten)]
    comparison: TableComparison,
    formats: Formats,
}

/// As what the tables were read.
#[derive(Clone, Copy, Serialize)]
struct Formats {
    old: &'static str,
    new: &'static str,
}

impl Found {
    pub(super) fn new(comparison: TableComparison, old: &Place, new: &Place) -> Self {
        let name = |place: &Place| place.kind().name();
        Self {
            comparison,
            formats: Formats {
                old: name(old),
                new: name(new),
            },
        }
    }

    fn write_schema(&self, page: &mut Page<'_>) -> io::Result<()> {
        let schema = &self.comparison.schema_differences;
        for difference in schema.iter().take(COLUMNS) {
            write_schema_difference(page, difference)?;
        }
        more(page, schema.len(), COLUMNS)
    }

    fn write_columns(&self, page: &mut Page<'_>) -> io::Result<()> {
        let columns = &self.comparison.columns;
        let worth: Vec<&ColumnComparison> = columns
            .iter()
            .filter(|column| column.different + column.tolerated > 0)
            .collect();
        if worth.is_empty() {
            return Ok(());
        }
        let mut shown = table([
            "column",
            "as",
            "different",
            "one is null",
            "largest",
            "mean",
            "tolerated",
        ]);
        for column in worth.iter().take(COLUMNS) {
            shown.add_row([
                name_of(column),
                column.compared_as.clone(),
                column.different.to_string(),
                column.nulls.to_string(),
                distance(column.largest),
                distance(column.mean),
                match column.largest_tolerated {
                    Some(largest) => {
                        format!("{} (up to {})", column.tolerated, distance(Some(largest)))
                    }
                    None => column.tolerated.to_string(),
                },
            ]);
        }
        page.table(shown)?;
        more(page, worth.len(), COLUMNS)?;
        for column in worth
            .iter()
            .take(COLUMNS)
            .filter(|column| column.different > 0)
        {
            write_samples(page, column)?;
        }
        Ok(())
    }

    fn write_rows(&self, page: &mut Page<'_>) -> io::Result<()> {
        let TableComparison {
            rows,
            only_old,
            only_new,
            duplicates,
            ..
        } = &self.comparison;
        write_one_sided(page, BAD, '-', only_old, rows.only_old, "only in old")?;
        write_one_sided(page, GOOD, '+', only_new, rows.only_new, "only in new")?;
        for group in duplicates.samples.iter().take(ROWS) {
            write_group(page, group)?;
        }
        let groups = usize::try_from(duplicates.groups).unwrap_or(usize::MAX);
        more(page, groups, ROWS.min(duplicates.samples.len()))
    }

    fn write_counts(&self, page: &mut Page<'_>) -> io::Result<()> {
        let TableComparison {
            rows,
            matching,
            duplicates,
            ..
        } = &self.comparison;
        let how = match matching {
            Matching::Key { columns } | Matching::SortedKey { columns } => {
                format!("by {}", columns.join(", "))
            }
            Matching::Order => "in their order".to_owned(),
            Matching::Bag => "in any order".to_owned(),
        };
        write!(
            page,
            "{BOLD}rows{BOLD:#} {} old, {} new, {}: {} equal",
            rows.old,
            rows.new,
            printable(&how),
            rows.equal
        )?;
        for (count, what) in [
            (rows.different, "different"),
            (rows.only_old, "only in old"),
            (rows.only_new, "only in new"),
        ] {
            if count > 0 {
                write!(page, ", {count} {what}")?;
            }
        }
        if duplicates.groups > 0 {
            write!(
                page,
                "; {} and {} not paired, of {} not unique",
                rows.duplicate_old,
                rows.duplicate_new,
                match duplicates.groups {
                    1 => "1 key that is".to_owned(),
                    many => format!("{many} keys that are"),
                }
            )?;
        }
        writeln!(page)
    }
}

impl Report for Found {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.write_schema(page)?;
        self.write_columns(page)?;
        self.write_rows(page)?;
        self.write_counts(page)?;
        if !self.comparison.exact {
            writeln!(
                page,
                "{WARN}not decided:{WARN:#} which rows belong together within the tolerance took \
                 too much work; some may have found a partner"
            )?;
        }
        if self.comparison.equal {
            writeln!(page, "{GOOD}equal{GOOD:#}")
        } else {
            writeln!(page, "{BAD}different{BAD:#}")
        }
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        let found = &self.comparison;
        for difference in &found.schema_differences {
            write_json_line(to, &Line::Schema { difference })?;
        }
        for column in &found.columns {
            for value in &column.samples {
                let column = &column.name;
                write_json_line(to, &Line::Value { column, value })?;
            }
        }
        for row in &found.only_old {
            write_json_line(to, &Line::OnlyOld { row })?;
        }
        for row in &found.only_new {
            write_json_line(to, &Line::OnlyNew { row })?;
        }
        for group in &found.duplicates.samples {
            write_json_line(to, &Line::DuplicateKey { group })?;
        }
        Ok(())
    }
}

/// A difference on a line of its own.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    Schema {
        difference: &'a SchemaDifference,
    },
    Value {
        column: &'a str,
        #[serde(flatten)]
        value: &'a cutover_table::Sample,
    },
    OnlyOld {
        #[serde(flatten)]
        row: &'a RowSample,
    },
    OnlyNew {
        #[serde(flatten)]
        row: &'a RowSample,
    },
    DuplicateKey {
        #[serde(flatten)]
        group: &'a KeyGroup,
    },
}

fn write_schema_difference(page: &mut Page<'_>, difference: &SchemaDifference) -> io::Result<()> {
    let (style, sign, what) = match difference.kind {
        SchemaDifferenceKind::OnlyOld => (BAD, '-', "column only in old"),
        SchemaDifferenceKind::OnlyNew => (GOOD, '+', "column only in new"),
        SchemaDifferenceKind::Type => (WARN, '~', "type"),
        SchemaDifferenceKind::NotCompared => (BAD, '!', "values cannot be compared"),
        SchemaDifferenceKind::Order => (DIM, '~', "place"),
    };
    write!(
        page,
        "{style}{sign}{style:#} {}  ",
        printable(&difference.column)
    )?;
    match (&difference.old, &difference.new) {
        (Some(old), Some(new)) => write!(page, "{} → {}", printable(old), printable(new))?,
        (Some(one), None) | (None, Some(one)) => write!(page, "{}", printable(one))?,
        (None, None) => {}
    }
    let note = if difference.material {
        ""
    } else {
        ", does not count"
    };
    writeln!(page, "  {DIM}{what}{note}{DIM:#}")
}

fn write_samples(page: &mut Page<'_>, column: &ColumnComparison) -> io::Result<()> {
    for sample in column.samples.iter().take(SAMPLES) {
        let place = if sample.key.0.is_empty() {
            format!("row {}", sample.old_row)
        } else {
            values(&sample.key)
        };
        writeln!(
            page,
            "{WARN}~{WARN:#} {}  {DIM}{place}{DIM:#}  {BAD}{}{BAD:#} → {GOOD}{}{GOOD:#}",
            printable(&column.name),
            value(&sample.old),
            value(&sample.new)
        )?;
    }
    let shown = SAMPLES.min(column.samples.len());
    more(
        page,
        usize::try_from(column.different).unwrap_or(usize::MAX),
        shown,
    )
}

fn write_one_sided(
    page: &mut Page<'_>,
    style: anstyle::Style,
    sign: char,
    rows: &[RowSample],
    count: u64,
    what: &str,
) -> io::Result<()> {
    for row in rows.iter().take(ROWS) {
        writeln!(
            page,
            "{style}{sign}{style:#} row {}  {}  {DIM}{what}{DIM:#}",
            row.row,
            values(&row.values)
        )?;
    }
    let shown = ROWS.min(rows.len());
    more(page, usize::try_from(count).unwrap_or(usize::MAX), shown)
}

fn write_group(page: &mut Page<'_>, group: &KeyGroup) -> io::Result<()> {
    let (style, note) = if group.same {
        (DIM, ", the very same rows")
    } else {
        (BAD, "")
    };
    writeln!(
        page,
        "{style}!{style:#} {}  {} of old, {} of new  {DIM}key that is not unique{note}{DIM:#}",
        values(&group.key),
        counted(group.old, "row"),
        group.new
    )
}

/// That there are more than were shown.
fn more(page: &mut Page<'_>, all: usize, shown: usize) -> io::Result<()> {
    if all > shown {
        writeln!(page, "  {DIM}… and {} more{DIM:#}", all - shown)?;
    }
    Ok(())
}

fn name_of(column: &ColumnComparison) -> String {
    match &column.new_name {
        Some(new) => printable(&format!("{} (new: {new})", column.name)),
        None => printable(&column.name),
    }
}

fn values(values: &RowValues) -> String {
    let shown = values
        .0
        .iter()
        .map(|(name, cell)| format!("{}={}", printable(name), value(cell)));
    shown.collect::<Vec<_>>().join(" ")
}

fn value(cell: &Cell) -> String {
    let text = match cell {
        Cell::Text(text) if text.is_empty() => "\"\"".to_owned(),
        cell => printable(&cell.to_string()),
    };
    if text.chars().count() <= WIDEST {
        return text;
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

fn distance(distance: Option<f64>) -> String {
    match distance {
        None => "-".to_owned(),
        Some(distance) if distance == 0.0 || (1e-3..1e9).contains(&distance) => {
            let text = format!("{distance:.6}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Some(distance) => format!("{distance:.3e}"),
    }
}
