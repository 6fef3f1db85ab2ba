//! What is looked at of comparisons: whether they can be read, and whether some lie elsewhere.

use cutover_domain::comparison::RunId;
use cutover_file::FileComparisonStore;
use cutover_ports::PortError;
use cutover_ports::comparison::{
    ComparisonStore, ComparisonStoreExt, RecordQuery, RunQuery, Unreadable,
};
use pollster::block_on;

use super::{Check, counted};
use crate::context::Context;
use crate::place::ComparisonPlace;
use crate::suggest::{carrying, command};

const NAME: &str = "comparisons";

/// Nothing where nothing was ever compared. Every record is read.
pub(super) fn all(context: &Context) -> Vec<Check> {
    let mut checks = Vec::new();
    let store = context.comparison_store();
    match runs(&*store) {
        Err(error) => checks.push(Check::fail(
            NAME,
            carrying(&error.to_string()),
            "comparisons are neither kept nor shown until it is put right; operations go on",
        )),
        Ok((runs, damage)) if runs.is_empty() && damage.is_empty() => {}
        Ok((runs, damage)) => {
            let (counts, records) = records(&*store, &runs);
            let sound = damage.is_empty() && records.is_empty();
            if let Some(first) = damage.first() {
                checks.push(Check::warn(
                    NAME,
                    format!(
                        "{}, and {} cannot be read; the first is {first}",
                        counted(runs.len(), "run"),
                        counted(damage.len(), "header")
                    ),
                    "they are left out, their records are not; restore them from a backup, or \
                     remove them",
                ));
            }
            checks.extend(records);
            if sound {
                checks.push(Check::ok(NAME, counts));
            }
        }
    }
    checks.extend(elsewhere(context));
    checks
}

/// How many records the runs have, in words, and what cannot be read of them.
fn records(store: &dyn ComparisonStore, runs: &[RunId]) -> (String, Vec<Check>) {
    let (mut count, mut lost) = (0_usize, 0_usize);
    let (mut first, mut checks) = (None, Vec::new());
    for run in runs {
        let query = RecordQuery::of_run(run.clone());
        let visited = block_on(store.visit_records(&query, &mut |_| count += 1));
        match visited {
            Err(error) => checks.push(Check::fail(
                NAME,
                error.to_string(),
                "nothing of this run can be shown until it is put right",
            )),
            Ok(visited) => {
                lost += visited.unreadable.len();
                first = first.or_else(|| visited.unreadable.into_iter().next());
            }
        }
    }
    if let Some(first) = first {
        checks.push(Check::warn(
            NAME,
            format!(
                "{}, and {lost} more cannot be read; the first is {first}",
                counted(count, "record")
            ),
            "nothing is known of what it says, so that reports on its run are unproven; restore \
             the file from a backup, or run the comparison again",
        ));
    }
    let counts = format!(
        "{} with {}",
        counted(runs.len(), "run"),
        counted(count, "record")
    );
    (counts, checks)
}

/// All runs, and those that cannot be read.
fn runs(store: &dyn ComparisonStore) -> Result<(Vec<RunId>, Vec<Unreadable>), PortError> {
    let mut query = RunQuery::default();
    let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
    loop {
        let page = block_on(store.runs(&query))?;
        runs.extend(page.items.into_iter().map(|run| run.id));
        unreadable.extend(page.unreadable);
        match page.next {
            None => return Ok((runs, unreadable)),
            next => query.after = next,
        }
    }
}

/// Comparisons that were made while the store was one of files.
fn elsewhere(context: &Context) -> Option<Check> {
    let ComparisonPlace::Database { .. } = context.place.comparisons() else {
        return None;
    };
    let folder = context.place.comparisons_in_home();
    let (runs, _) = runs(&FileComparisonStore::open(&folder)).ok()?;
    let count = runs.len();
    (count > 0).then(|| {
        let home = format!("file:{}", context.place.home().display());
        Check::warn(
            NAME,
            format!("{} more in {}", counted(count, "run"), folder.display()),
            format!(
                "they are not in the database; `{}` shows them",
                command(&["--store", &home, "compare", "list"])
            ),
        )
    })
}
