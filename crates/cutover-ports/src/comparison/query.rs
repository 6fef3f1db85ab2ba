//! What to read, and what comes back.

use std::fmt;
use std::sync::Arc;

use cutover_domain::comparison::{
    ComparisonRecord, DifferenceFilter, RecordId, RecordResult, Run, RunId, RunKind,
};
use jiff::Timestamp;

/// The most items a page holds, whatever limit is asked for.
pub const MAX_PAGE: usize = 10_000;

const DEFAULT_PAGE: usize = 100;

/// Where a page ended. Opaque: only the store that made it can read it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor from its text: for adapters, and for text that a user was given before.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The cursor's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that is stored and cannot be read. The rest is not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where: `file:line`, a table and key.
    pub location: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.problem)
    }
}

/// Some of the items that a query asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; absent after the last one. A page may be short, or empty, and
    /// still have a next one.
    pub next: Option<Cursor>,
    /// What was passed over on the way because it cannot be read.
    pub unreadable: Vec<Unreadable>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next: None,
            unreadable: Vec::new(),
        }
    }
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunQuery {
    /// Only runs of this kind.
    pub kind: Option<RunKind>,
    /// Only runs with exactly this name.
    pub name: Option<String>,
    /// Only runs started at or after this time.
    pub since: Option<Timestamp>,
    /// At most so many; 100 when absent, never more than [`MAX_PAGE`].
    pub limit: Option<usize>,
    /// Go on where a page ended.
    pub after: Option<Cursor>,
}

impl RunQuery {
    /// The same with at most `limit` runs a page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// How many runs a page may hold: at least one.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE)
    }

    /// Whether a run is asked for.
    #[must_use]
    pub fn matches(&self, run: &Run) -> bool {
        self.kind.is_none_or(|kind| kind == run.kind)
            && self.name.as_ref().is_none_or(|name| *name == run.name)
            && self.since.is_none_or(|since| run.started >= since)
    }
}

/// Which records to read.
///
/// ```
/// use cutover_domain::comparison::{DifferenceFilter, PathPattern, RecordResult, RunId};
/// use cutover_ports::comparison::RecordQuery;
///
/// let query = RecordQuery::of_run(RunId::new("nightly-1")?)
///     .result(RecordResult::Different)
///     .limit(20);
/// assert_eq!(query.page_size(), 20);
///
/// let prices = DifferenceFilter::at(PathPattern::new("$.items[*].price")?);
/// let query = RecordQuery::of_operation("quote").differing(prices);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    /// Only records of this run.
    pub run: Option<RunId>,
    /// Only records with this id (there may be one in each run).
    pub id: Option<RecordId>,
    /// Only records of this operation.
    pub operation: Option<Arc<str>>,
    /// Only records that ended so.
    pub result: Option<RecordResult>,
    /// Only records of this time or later.
    pub since: Option<Timestamp>,
    /// Only records before this time.
    pub until: Option<Timestamp>,
    /// Only records that keep such a difference. What a record counts and does not keep is not
    /// found.
    pub difference: Option<DifferenceFilter>,
    /// At most so many; 100 when absent, never more than [`MAX_PAGE`].
    pub limit: Option<usize>,
    /// Go on where a page ended.
    pub after: Option<Cursor>,
}

impl RecordQuery {
    /// Records of one run.
    #[must_use]
    pub fn of_run(run: RunId) -> Self {
        Self {
            run: Some(run),
            ..Self::default()
        }
    }

    /// Records of one operation, over all runs.
    #[must_use]
    pub fn of_operation(operation: impl Into<Arc<str>>) -> Self {
        Self {
            operation: Some(operation.into()),
            ..Self::default()
        }
    }

    /// The same, only records that keep such a difference.
    #[must_use]
    pub fn differing(self, difference: DifferenceFilter) -> Self {
        Self {
            difference: Some(difference),
            ..self
        }
    }

    /// The same, only records that ended so.
    #[must_use]
    pub fn result(self, result: RecordResult) -> Self {
        Self {
            result: Some(result),
            ..self
        }
    }

    /// The same with at most `limit` records a page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// How many records a page may hold: at least one.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE)
    }

    /// Whether a record is asked for.
    #[must_use]
    pub fn matches(&self, record: &ComparisonRecord) -> bool {
        self.run.as_ref().is_none_or(|run| *run == record.run)
            && self.matches_head(&record.id, &record.operation, record.result, record.time)
            && self.difference.as_ref().is_none_or(|wanted| {
                let mut kept = record.judgement.differences().iter();
                kept.any(|difference| wanted.matches(difference))
            })
    }

    /// [`RecordQuery::matches`] by the fields that a store may keep apart: false only when the
    /// record is not asked for. `run` is not looked at, nor what differs.
    #[must_use]
    pub fn matches_head(
        &self,
        id: &RecordId,
        operation: &str,
        result: RecordResult,
        time: Timestamp,
    ) -> bool {
        self.id.as_ref().is_none_or(|wanted| wanted == id)
            && self
                .operation
                .as_deref()
                .is_none_or(|wanted| wanted == operation)
            && self.result.is_none_or(|wanted| wanted == result)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
            && (self.difference.is_none() || result == RecordResult::Different)
    }
}
