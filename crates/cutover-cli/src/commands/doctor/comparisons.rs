//! What is looked at of comparisons: whether they can be read, and whether some lie elsewhere.

use cutover_file::FileComparisonStore;
use cutover_ports::PortError;
use cutover_ports::comparison::{ComparisonStore, RunQuery, Unreadable};
use pollster::block_on;

use super::{Check, counted};
use crate::context::Context;
use crate::place::ComparisonPlace;
use crate::suggest::{carrying, command};

const NAME: &str = "comparisons";

/// Nothing where nothing was ever compared.
pub(super) fn all(context: &Context) -> Vec<Check> {
    let mut checks = Vec::new();
    match runs(&*context.comparison_store()) {
        Err(error) => checks.push(Check::fail(
            NAME,
            carrying(&error.to_string()),
            "comparisons are neither kept nor shown until it is put right; operations go on",
        )),
        Ok((0, damage)) if damage.is_empty() => {}
        Ok((runs, damage)) => checks.push(match damage.first() {
            None => Check::ok(NAME, counted(runs, "run")),
            Some(first) => Check::warn(
                NAME,
                format!(
                    "{}, and {} cannot be read; the first is {first}",
                    counted(runs, "run"),
                    counted(damage.len(), "header")
                ),
                "they are left out, their records are not; restore them from a backup, or remove \
                 them",
            ),
        }),
    }
    checks.extend(elsewhere(context));
    checks
}

/// All runs, counted, and those that cannot be read.
fn runs(store: &dyn ComparisonStore) -> Result<(usize, Vec<Unreadable>), PortError> {
    let mut query = RunQuery::default();
    let (mut count, mut unreadable) = (0, Vec::new());
    loop {
        let page = block_on(store.runs(&query))?;
        count += page.items.len();
        unreadable.extend(page.unreadable);
        match page.next {
            None => return Ok((count, unreadable)),
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
    let (count, _) = runs(&FileComparisonStore::open(&folder)).ok()?;
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
