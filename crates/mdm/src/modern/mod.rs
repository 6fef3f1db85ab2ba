//! The implementation that is to take over.
//!
//! It reads the file twice and keeps none of it: the first pass looks at the bytes (encoding,
//! binary content) and finds the dialect, the second streams the records and types every cell.
//! A column is what all of its values are, not what its first hundred are.

mod bytes;
mod cell;
mod column;
mod dialect;
mod json;
mod records;
mod register;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

pub use register::register;

use crate::error::DatasetError;
use crate::profile::{Column, ColumnKind, Columns, Profile};
use crate::source::ProfileRequest;
use column::ColumnStatistics;
use records::{Cell, Sink, Source};

/// Which release of the implementation answers.
///
/// The first one went into shadow beside the legacy implementation; the second mends what the
/// comparison found there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Release {
    /// Standard deviation of a sample; equally frequent values in the order of their text; any
    /// column that never repeats is taken for an id when none is called so, the population of a
    /// country included.
    First,
    /// Standard deviation of the population; equally frequent values in the order in which they
    /// are seen; only the leading column is taken for an id when none is called so. That is what
    /// the callers of the dataset manager have always got.
    #[default]
    Second,
}

/// Looks at a dataset.
///
/// # Errors
///
/// What is wrong with the file, see [`DatasetError`].
pub fn profile(request: &ProfileRequest, release: Release) -> Result<Profile, DatasetError> {
    profile_source(&Source::inspect(&request.file)?, release)
}

fn profile_source(source: &Source, release: Release) -> Result<Profile, DatasetError> {
    let mut statistics = Statistics::default();
    source.read(&mut statistics)?;
    let Statistics { columns, rows } = statistics;
    let columns: Vec<(String, Column)> = columns
        .into_iter()
        .map(|(name, column)| (name, column.finish(release)))
        .collect();
    Ok(Profile {
        encoding: source.encoding(),
        format: source.format(),
        delimiter: source.delimiter(),
        header: source.header(),
        rows,
        id_columns: id_columns(&columns, rows, release),
        target: target(&columns, rows),
        date_columns: columns
            .iter()
            .filter(|(_, column)| column.kind.is_temporal())
            .map(|(name, _)| name.clone())
            .collect(),
        columns: Columns::from_iter(columns),
    })
}

/// The statistics of all columns while the records go by.
#[derive(Default)]
struct Statistics {
    columns: Vec<(String, ColumnStatistics)>,
    rows: u64,
}

impl Sink for Statistics {
    fn columns(&mut self, names: &[&str]) -> Result<(), DatasetError> {
        // A column that turns up late was missing in every record before.
        let late = |name: &&str| {
            (
                (*name).to_owned(),
                ColumnStatistics::absent_before(self.rows),
            )
        };
        self.columns.extend(names.iter().map(late));
        Ok(())
    }

    fn record(&mut self, cells: &[Cell<'_>]) -> Result<(), DatasetError> {
        for ((_, column), cell) in self.columns.iter_mut().zip(cells) {
            column.observe(*cell);
        }
        self.rows += 1;
        Ok(())
    }
}

/// Columns that are called an id and tell every row from every other; without one, the leading
/// column if it does.
fn id_columns(columns: &[(String, Column)], rows: u64, release: Release) -> Vec<String> {
    let unique = |column: &Column| rows > 1 && column.distinct == rows;
    let called_id = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.split([' ', '_', '-', '.']).any(|word| word == "id")
    };
    let named = columns
        .iter()
        .filter(|(name, column)| unique(column) && called_id(name));
    let named: Vec<String> = named.map(|(name, _)| name.clone()).collect();
    if !named.is_empty() {
        return named;
    }
    let leading = match release {
        Release::First => columns.iter().find(|(_, column)| {
            unique(column) && matches!(column.kind, ColumnKind::Integer | ColumnKind::Text)
        }),
        Release::Second => columns.first().filter(|(_, column)| unique(column)),
    };
    leading.map(|(name, _)| name.clone()).into_iter().collect()
}

/// The column with a telling name; else the last one, when it sorts the rows into a few classes.
fn target(columns: &[(String, Column)], rows: u64) -> Option<String> {
    let telling = |name: &str| {
        ["target", "label", "class", "outcome"]
            .iter()
            .any(|word| name.eq_ignore_ascii_case(word))
    };
    if let Some((name, _)) = columns.iter().find(|(name, _)| telling(name)) {
        return Some(name.clone());
    }
    let (name, last) = columns.last()?;
    let few = (2..=20).contains(&last.distinct) && last.distinct.saturating_mul(2) <= rows;
    (few && !matches!(
        last.kind,
        ColumnKind::Float | ColumnKind::Date | ColumnKind::DateTime
    ))
    .then(|| name.clone())
}

/// A switch that breaks the modern profiler on purpose, so that a demonstration or a drill can
/// show what happens then. Clones share it; it is off unless somebody sets it.
#[derive(Clone, Debug, Default)]
pub struct FaultSwitch(Arc<AtomicU8>);

/// How the modern profiler is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// It answers [`DatasetError::Injected`].
    Error,
    /// It panics in the middle of its work.
    Panic,
}

impl FaultSwitch {
    /// Sets it for every clone, from the next call on.
    pub fn set(&self, fault: Fault) {
        self.0.store(fault as u8, Ordering::SeqCst);
    }

    /// Fails as it is set to.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Injected`] when set to [`Fault::Error`].
    ///
    /// # Panics
    ///
    /// When set to [`Fault::Panic`].
    #[expect(clippy::panic, reason = "a panic is what this switch is for")]
    pub fn check(&self, request: &ProfileRequest) -> Result<(), DatasetError> {
        match self.0.load(Ordering::SeqCst) {
            fault if fault == Fault::Error as u8 => Err(DatasetError::Injected {
                path: request.file.clone(),
            }),
            fault if fault == Fault::Panic as u8 => {
                std::panic::panic_any("the modern profiler is out of order (an injected fault)")
            }
            _ => Ok(()),
        }
    }
}
