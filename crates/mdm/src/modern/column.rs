//! Statistics of one column, from one pass over its cells.

use std::collections::HashMap;

use super::Release;
use super::cell::{Meaning, meaning_of};
use super::records::Cell;
use crate::profile::{Column, ColumnKind, Scalar, TOP_VALUES, TopValue};

/// What has been seen of a column so far. Memory grows with its different values, not its rows.
#[derive(Debug, Default)]
pub(super) struct ColumnStatistics {
    values: HashMap<Box<str>, Seen>,
    count: u64,
    missing: u64,
    booleans: u64,
    integers: u64,
    floats: u64,
    dates: u64,
    date_times: u64,
    moments: Moments,
}

/// One of the different values of a column.
#[derive(Debug)]
struct Seen {
    count: u64,
    first: u64,
    meaning: Meaning,
}

impl ColumnStatistics {
    /// A column that `rows` records did not have.
    pub(super) fn absent_before(rows: u64) -> Self {
        Self {
            missing: rows,
            ..Self::default()
        }
    }

    pub(super) fn observe(&mut self, cell: Cell<'_>) {
        let text = match cell {
            Cell::Absent => {
                self.missing += 1;
                return;
            }
            Cell::Delimited(text) | Cell::Text(text) => text.trim(),
            Cell::Literal(text) => text,
        };
        // A value is read once, however often it comes.
        if let Some(seen) = self.values.get_mut(text) {
            seen.count += 1;
            let meaning = seen.meaning.clone();
            self.tally(&meaning);
            return;
        }
        let meaning = match (cell, meaning_of(text)) {
            // The writer of a JSON file said that it is text, whatever it looks like. Dates have
            // no other form there.
            (Cell::Text(_), Meaning::Integer(_) | Meaning::Float(_) | Meaning::Boolean) => {
                Meaning::Text
            }
            (_, meaning) => meaning,
        };
        if meaning == Meaning::Missing {
            self.missing += 1;
            return;
        }
        self.tally(&meaning);
        self.values.insert(
            text.into(),
            Seen {
                count: 1,
                first: self.count,
                meaning,
            },
        );
    }

    fn tally(&mut self, meaning: &Meaning) {
        self.count += 1;
        match meaning {
            Meaning::Boolean => self.booleans += 1,
            Meaning::Integer(number) => {
                self.integers += 1;
                self.moments.add(*number as f64);
            }
            Meaning::Float(number) => {
                self.floats += 1;
                self.moments.add(*number);
            }
            Meaning::Date(_) => self.dates += 1,
            Meaning::DateTime(_) => self.date_times += 1,
            Meaning::Text | Meaning::Missing => {}
        }
    }

    pub(super) fn finish(self, release: Release) -> Column {
        let kind = self.kind();
        let (min, max) = self.extremes(kind);
        let moments = kind.is_numeric().then_some(self.moments);
        Column {
            kind,
            count: self.count,
            missing: self.missing,
            distinct: self.values.len() as u64,
            min,
            max,
            mean: moments.map(|moments| moments.mean),
            std: moments.and_then(|moments| moments.deviation(release)),
            top: self.top(release),
        }
    }

    /// What all values are. Numbers with and without a fraction are floats, days and instants
    /// together are instants.
    fn kind(&self) -> ColumnKind {
        let all = |some: u64| some == self.count && some > 0;
        if all(self.booleans) {
            ColumnKind::Boolean
        } else if all(self.integers) {
            ColumnKind::Integer
        } else if all(self.integers + self.floats) {
            ColumnKind::Float
        } else if all(self.dates) {
            ColumnKind::Date
        } else if all(self.dates + self.date_times) {
            ColumnKind::DateTime
        } else {
            ColumnKind::Text
        }
    }

    fn extremes(&self, kind: ColumnKind) -> (Option<Scalar>, Option<Scalar>) {
        let values = || self.values.values();
        let (min, max) = match kind {
            ColumnKind::Boolean | ColumnKind::Text => return (None, None),
            ColumnKind::Integer => {
                let integers = || {
                    values().filter_map(|seen| match seen.meaning {
                        Meaning::Integer(number) => Some(number),
                        _ => None,
                    })
                };
                let scalar = |number: Option<i64>| number.map(Scalar::Integer);
                (scalar(integers().min()), scalar(integers().max()))
            }
            ColumnKind::Float => (
                Some(Scalar::Float(self.moments.min)),
                Some(Scalar::Float(self.moments.max)),
            ),
            ColumnKind::Date | ColumnKind::DateTime => {
                let instant = |seen: &&Seen| match &seen.meaning {
                    Meaning::Date(day) => day
                        .to_zoned(jiff::tz::TimeZone::UTC)
                        .map(|at| at.timestamp())
                        .unwrap_or_default(),
                    Meaning::DateTime(at) => *at,
                    _ => jiff::Timestamp::default(),
                };
                let text = |seen: &Seen| match &seen.meaning {
                    Meaning::Date(day) if kind == ColumnKind::Date => day.to_string(),
                    _ => instant(&seen).to_string(),
                };
                let scalar = |seen: Option<&Seen>| seen.map(text).map(Scalar::Text);
                (
                    scalar(values().min_by_key(instant)),
                    scalar(values().max_by_key(instant)),
                )
            }
        };
        (min, max)
    }

    fn top(&self, release: Release) -> Vec<TopValue> {
        let mut values: Vec<(&str, &Seen)> = self
            .values
            .iter()
            .map(|(text, seen)| (&**text, seen))
            .collect();
        values.sort_unstable_by(|(text, seen), (other_text, other)| {
            other.count.cmp(&seen.count).then_with(|| match release {
                Release::First => text.cmp(other_text),
                Release::Second => seen.first.cmp(&other.first),
            })
        });
        let shown = values.into_iter().take(TOP_VALUES);
        shown
            .map(|(text, seen)| TopValue {
                value: text.to_owned(),
                count: seen.count,
            })
            .collect()
    }
}

/// Running mean and sum of squared deviations (Welford 1962), which loses no digits to large
/// means as the difference of two large sums does.
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    fn add(&mut self, number: f64) {
        self.count += 1;
        let before = number - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (number - self.mean);
        self.min = self.min.min(number);
        self.max = self.max.max(number);
    }

    fn deviation(self, release: Release) -> Option<f64> {
        let divisor = match release {
            Release::First => self.count.checked_sub(1).filter(|&freedom| freedom > 0)?,
            Release::Second => self.count,
        };
        Some((self.squares / divisor as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str], release: Release) -> Column {
        let mut statistics = ColumnStatistics::default();
        for cell in cells {
            statistics.observe(Cell::Delimited(cell));
        }
        statistics.finish(release)
    }

    #[test]
    fn a_column_is_what_all_of_its_values_are() {
        let kind = |cells: &[&str]| column(cells, Release::Second).kind;
        assert_eq!(kind(&["1", "NA", " 2 "]), ColumnKind::Integer);
        assert_eq!(kind(&["1", "2.5"]), ColumnKind::Float);
        assert_eq!(kind(&["1", "2.5", "x"]), ColumnKind::Text);
        assert_eq!(
            kind(&["2013-01-01", "2013-01-01T06:00:00Z"]),
            ColumnKind::DateTime
        );
        assert_eq!(kind(&["NA", ""]), ColumnKind::Text);
    }

    #[test]
    fn the_releases_part_in_deviation_and_ties() {
        let cells = ["4", "2", "4", "2", "3"];
        let (first, second) = (
            column(&cells, Release::First),
            column(&cells, Release::Second),
        );
        assert_eq!(first.mean, Some(3.0));
        assert_eq!(first.std, Some(1.0));
        assert_eq!(second.std, Some(0.8_f64.sqrt()));
        let order = |column: &Column| {
            column
                .top
                .iter()
                .map(|top| top.value.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(order(&first), "2 4 3");
        assert_eq!(order(&second), "4 2 3");
    }

    #[test]
    fn large_means_lose_no_digits() {
        let cells = ["1517966773840", "1517966773841", "1517966773842"];
        let column = column(&cells, Release::First);
        assert_eq!(
            (column.mean, column.std),
            (Some(1_517_966_773_841.0), Some(1.0))
        );
        assert_eq!(column.min, Some(Scalar::Integer(1_517_966_773_840)));
    }
}
