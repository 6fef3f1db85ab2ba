//! A triage board over the comparisons that other programs keep in a database: which records have
//! something serious at a place, and how many. It needs no flags and no use cases.

use std::path::Path;

use cutover_domain::comparison::{DifferenceFilter, InvalidPath, PathPattern, Severity};
use cutover_ports::PortError;
use cutover_ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery, Retention};
use cutover_sqlite::SqliteComparisonStore;
use jiff::Timestamp;

/// What to look for: differences at or below a place that are errors or worse.
pub fn serious(place: &str) -> Result<DifferenceFilter, InvalidPath> {
    Ok(DifferenceFilter {
        severity: Some(Severity::Error),
        ..DifferenceFilter::at(PathPattern::new(place)?)
    })
}

/// The names of the records that have it, the newest first.
pub fn affected(database: &Path, filter: DifferenceFilter) -> Result<Vec<String>, PortError> {
    let store = SqliteComparisonStore::open(database);
    let query = RecordQuery::default().differing(filter);
    let mut names = Vec::new();
    let visit = &mut |record: cutover_domain::comparison::ComparisonRecord| {
        names.push(record.label().to_owned());
    };
    pollster::block_on(store.visit_records(&query, visit))?;
    Ok(names)
}

/// Forgets all but the newest.
pub fn keep(database: &Path, records: u64, now: Timestamp) -> Result<u64, PortError> {
    let newest = Retention {
        max_records: Some(records),
        ..Retention::default()
    };
    let store = SqliteComparisonStore::open(database);
    Ok(pollster::block_on(store.prune(&newest, now))?.records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover_domain::comparison::{
        ComparisonRecord, Judgement, RecordId, RecordLimits, Rules, Run, RunId, RunKind,
        SideOutcome, SideRecord,
    };
    use cutover_domain::tree::Tree;

    #[test]
    fn what_is_serious_at_a_place_is_found_and_what_is_old_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("cutover.db");
        let store = SqliteComparisonStore::open(&database);
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let run = Run::new(RunId::new("night").unwrap(), "night", RunKind::Commands, now);
        pollster::block_on(store.create_run(&run)).unwrap();
        let rules = Rules::new().severity("$..hint", Severity::Info).build().unwrap();
        for (name, old, new) in [
            ("a", r#"{"items": [{"price": 1}]}"#, r#"{"items": [{"price": 2}]}"#),
            ("b", r#"{"items": [{"hint": 1}]}"#, r#"{"items": [{"hint": 2}]}"#),
            ("c", r#"{"total": 1}"#, r#"{"total": 2}"#),
            ("d", r#"{"items": []}"#, r#"{"items": [{"price": 2}]}"#),
        ] {
            let [old, new] = [old, new].map(|json| Tree::from_json(json).unwrap());
            let found = rules.compare(&old, &new);
            let side = SideRecord::new(SideOutcome::Ok);
            let record = ComparisonRecord::new(
                run.id.clone(),
                RecordId::new(name).unwrap(),
                "quote",
                now,
                side.clone(),
                side,
                Judgement::of(found, &RecordLimits::default()),
            );
            pollster::block_on(store.append(&[record])).unwrap();
        }
        let find = |place: &str| affected(&database, serious(place).unwrap()).unwrap();
        assert_eq!(find("$.items"), ["d", "a"]);
        assert_eq!(find("$.items[*].price"), ["a"]);
        assert_eq!(find("$..hint"), [""; 0]);
        assert!(serious("items").is_err());
        assert_eq!(keep(&database, 2, now).unwrap(), 2);
        assert_eq!(find("$.items"), ["d"]);
    }
}
