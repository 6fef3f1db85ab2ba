//! What a round of comparisons found, read back from the comparison store.

use std::collections::BTreeMap;

use cutover::domain::comparison::{ComparisonRecord, Difference, RecordResult};
use cutover::ports::PortError;
use cutover::ports::comparison::{ComparisonStore, ComparisonStoreExt, RecordQuery};
use jiff::Timestamp;

/// The records of some calls, put together.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) equal: u64,
    pub(super) different: u64,
    /// Neither proven equal nor different: a budget ended, or the comparison failed.
    pub(super) undecided: u64,
    pub(super) differences: u64,
    clusters: BTreeMap<String, Cluster>,
    hidden: BTreeMap<String, u64>,
}

/// Differences in one kind of place.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) place: String,
    /// Answers in which it was found.
    pub(super) records: u64,
    pub(super) differences: u64,
    pub(super) example: String,
}

impl Findings {
    /// Reads what was found in the calls from `since` on.
    pub(super) fn since(
        store: &dyn ComparisonStore,
        operation: &str,
        since: Timestamp,
    ) -> Result<Self, PortError> {
        let mut findings = Self::default();
        let query = RecordQuery {
            operation: Some(operation.into()),
            since: Some(since),
            ..RecordQuery::default()
        };
        pollster::block_on(store.visit_records(&query, &mut |record| findings.add(&record)))?;
        Ok(findings)
    }

    fn add(&mut self, record: &ComparisonRecord) {
        match record.result {
            RecordResult::Equal => self.equal += 1,
            RecordResult::Different => self.different += 1,
            RecordResult::Inexact | RecordResult::Failed => self.undecided += 1,
        }
        if let Some(comparison) = record.judgement.comparison() {
            self.differences += comparison.counts.total();
        }
        for hit in record.judgement.hidden() {
            *self.hidden.entry(hit.rule.clone()).or_default() += hit.hidden;
        }
        let unit = record.unit.as_ref().map_or("", |unit| unit.as_str());
        let mut met = Vec::new();
        for difference in record.judgement.differences() {
            let place = place_of(&difference.path);
            let cluster = self
                .clusters
                .entry(place.clone())
                .or_insert_with(|| Cluster {
                    place: place.clone(),
                    records: 0,
                    differences: 0,
                    example: example(unit, difference),
                });
            cluster.differences += 1;
            if !met.contains(&place) {
                cluster.records += 1;
                met.push(place);
            }
        }
    }

    /// How many answers were compared.
    pub(super) fn made(&self) -> u64 {
        self.equal + self.different + self.undecided
    }

    /// Kinds of places, those in the most answers first.
    pub(super) fn clusters(&self) -> Vec<&Cluster> {
        let mut clusters: Vec<&Cluster> = self.clusters.values().collect();
        clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.records));
        clusters
    }

    /// In how many answers there was a difference in this kind of place.
    pub(super) fn records_in(&self, place: &str) -> u64 {
        self.clusters
            .get(place)
            .map_or(0, |cluster| cluster.records)
    }

    /// What each rule hid, the busiest first.
    pub(super) fn hidden(&self) -> Vec<(&str, u64)> {
        let mut hidden: Vec<(&str, u64)> = self
            .hidden
            .iter()
            .map(|(rule, hidden)| (rule.as_str(), *hidden))
            .collect();
        hidden.sort_by_key(|&(_, hidden)| std::cmp::Reverse(hidden));
        hidden
    }
}

/// The path without the name of the column and without positions: `$.columns.*.std`.
fn place_of(path: &str) -> String {
    let Some(column) = path.strip_prefix("$.columns") else {
        return without_positions(path);
    };
    let rest = match column.strip_prefix("['") {
        Some(quoted) => quoted.split_once("']").map_or("", |(_, rest)| rest),
        None => column
            .strip_prefix('.')
            .and_then(|name| name.find(['.', '[']).map(|end| &name[end..]))
            .unwrap_or(""),
    };
    without_positions(&format!("$.columns.*{rest}"))
}

/// Everything from the first position on is one list to a reader.
fn without_positions(path: &str) -> String {
    path.find('[')
        .map_or(path, |position| &path[..position])
        .to_owned()
}

fn example(unit: &str, difference: &Difference) -> String {
    let text = difference.to_string();
    let shown: String = text.chars().take(160).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    format!("{unit} {shown}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_no_column_and_no_position() {
        for (path, place) in [
            ("$.columns.lifeExp.std", "$.columns.*.std"),
            ("$.columns['Date Egg'].min", "$.columns.*.min"),
            (
                "$.columns['properties.mag'].top[3].count",
                "$.columns.*.top",
            ),
            ("$.columns.pop.top[0]", "$.columns.*.top"),
            ("$.columns.pop", "$.columns.*"),
            ("$.id_columns[0]", "$.id_columns"),
            ("$.target", "$.target"),
            ("$", "$"),
        ] {
            assert_eq!(place_of(path), place, "{path}");
        }
    }
}
