//! Which differences are alike.

use std::collections::{HashMap, HashSet};

use super::wildcard;
use super::{Cluster, Example, generalize};
use crate::comparison::noise::NoiseClass;
use crate::comparison::{ComparisonRecord, Difference, DifferenceKind};

/// At most so many clusters an operation; what does not fit is counted.
const MOST_CLUSTERS: usize = 1000;

/// At most so many numbers of records are kept to count how many records several clusters have
/// between them: 16 MB an operation. Past that it is "at least" the largest of them.
const MOST_NUMBERS: usize = 4_000_000;

/// A cluster, and the records that have one of its differences, by number.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cluster: Cluster,
    /// Absent where there are too many.
    pub(super) records: Option<Vec<u32>>,
}

/// The clusters of one operation.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    found: HashMap<(String, DifferenceKind), (Cluster, Vec<u32>)>,
    /// How many records were added.
    added: u32,
    /// How many numbers of records are kept.
    numbers: usize,
    pub(super) unclustered: u64,
}

impl Clusters {
    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        let mut seen = HashSet::new();
        self.added = self.added.saturating_add(1);
        let kept = record.judgement.differences();
        if let Some(comparison) = record.judgement.comparison() {
            self.unclustered += comparison.counts.total().saturating_sub(kept.len() as u64);
        }
        for (number, difference) in kept.iter().enumerate() {
            let key = (generalize(&difference.path), difference.kind);
            let room = self.found.len() < MOST_CLUSTERS;
            let (cluster, records) = match self.found.get_mut(&key) {
                Some(found) => found,
                None if room => self
                    .found
                    .entry(key.clone())
                    .or_insert_with(|| (begin(&key.0, record, number, difference), Vec::new())),
                None => {
                    self.unclustered += 1;
                    continue;
                }
            };
            cluster.differences += 1;
            cluster.severity = cluster.severity.max(difference.severity);
            let same = same_in_old(record, number, difference);
            if rank(record, difference, same) < rank_of(&cluster.example) {
                cluster.example = example(record, number, difference);
            }
            if seen.insert(key) {
                cluster.records += 1;
                self.numbers += 1;
                if self.numbers <= MOST_NUMBERS {
                    records.push(self.added);
                }
            }
        }
    }

    /// What noise does not hide first, and those in the most records; names that are data are put together.
    pub(super) fn sorted(
        self,
        noise: impl Fn(&str, DifferenceKind) -> Option<NoiseClass>,
    ) -> Vec<Cluster> {
        let all_numbered = self.numbers <= MOST_NUMBERS;
        let found = self.found.into_values().map(|(mut cluster, records)| {
            cluster.noise = noise(&cluster.path, cluster.kind);
            Found {
                cluster,
                records: all_numbered.then_some(records),
            }
        });
        let merged = wildcard::merge(found.collect());
        let mut clusters: Vec<Cluster> = merged.into_iter().map(|found| found.cluster).collect();
        clusters.sort_by(|left, right| {
            let is_noise = |cluster: &Cluster| cluster.noise == Some(NoiseClass::Noise);
            (is_noise(left).cmp(&is_noise(right)))
                .then_with(|| {
                    let count = |cluster: &Cluster| (cluster.records, cluster.differences);
                    count(right).cmp(&count(left))
                })
                .then_with(|| left.path.cmp(&right.path))
                .then_with(|| left.kind.cmp(&right.kind))
        });
        clusters
    }
}

fn begin(path: &str, record: &ComparisonRecord, number: usize, difference: &Difference) -> Cluster {
    Cluster {
        path: path.to_owned(),
        paths: 1,
        stands_for: Vec::new(),
        kind: difference.kind,
        severity: difference.severity,
        records: 0,
        differences: 0,
        example: example(record, number, difference),
        noise: None,
    }
}

fn example(record: &ComparisonRecord, number: usize, difference: &Difference) -> Example {
    Example {
        run: record.run.clone(),
        record: record.id.clone(),
        label: record.label().to_owned(),
        unit: record.unit.clone(),
        difference: difference.clone(),
        same_in_old: same_in_old(record, number, difference),
    }
}

/// In how many further runs of old its answer was the same there, if it always was.
fn same_in_old(record: &ComparisonRecord, number: usize, difference: &Difference) -> Option<u64> {
    let sample = record.noise.as_ref()?;
    let path = generalize(&difference.path);
    sample
        .is_steady(number, &path, difference.kind)
        .then_some(sample.pairs)
}

/// What old never varies in is no noise. Small examples are easy to read; beyond that any rule does that does not depend on the order of
/// the records.
type Rank<'a> = (bool, usize, &'a str, &'a str, &'a str);

fn rank<'a>(
    record: &'a ComparisonRecord,
    difference: &'a Difference,
    same: Option<u64>,
) -> Rank<'a> {
    (
        same.is_none(),
        size(difference),
        &difference.path,
        record.run.as_str(),
        record.id.as_str(),
    )
}

pub(super) fn rank_of(example: &Example) -> Rank<'_> {
    let difference = &example.difference;
    (
        example.same_in_old.is_none(),
        size(difference),
        &difference.path,
        example.run.as_str(),
        example.record.as_str(),
    )
}

fn size(difference: &Difference) -> usize {
    let values = [&difference.old, &difference.new].into_iter().flatten();
    values.fold(0, |sum, value| sum + value.to_json().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_did_not_keep_is_counted_as_left_out() {
        use crate::comparison::{
            Comparator, Judgement, RecordId, RecordLimits, RunId, SideOutcome, SideRecord,
        };
        use crate::tree::Tree;

        let tree = |json| Tree::from_json(json).unwrap();
        let compared = Comparator::default().compare(&tree("[1,2,3,4,5]"), &tree("[9,8,7,6,0]"));
        let limits = RecordLimits {
            differences: 2,
            ..RecordLimits::default()
        };
        let record = ComparisonRecord::new(
            RunId::new("r").unwrap(),
            RecordId::new("1").unwrap(),
            "op",
            jiff::Timestamp::UNIX_EPOCH,
            SideRecord::new(SideOutcome::Ok),
            SideRecord::new(SideOutcome::Ok),
            Judgement::of(compared, &limits),
        );
        let mut clusters = Clusters::default();
        clusters.add(&record);
        assert_eq!(clusters.unclustered, 3);
        assert_eq!(clusters.sorted(|_, _| None)[0].differences, 2);
    }

    /// The clusters of records with a difference at each of these paths.
    fn clusters_of(records: &[&[&str]]) -> Vec<(String, u64, u64, u64)> {
        use crate::comparison::{
            Comparison, Judgement, RecordId, RunId, Severity, SideOutcome, SideRecord,
        };

        let mut clusters = Clusters::default();
        for (number, paths) in records.iter().enumerate() {
            let mut comparison = Comparison::same();
            comparison.equal = false;
            for path in *paths {
                comparison.counts.add(DifferenceKind::Value);
                comparison.differences.push(Difference {
                    path: (*path).to_owned(),
                    new_path: None,
                    kind: DifferenceKind::Value,
                    old: None,
                    new: None,
                    times: None,
                    severity: Severity::Error,
                });
            }
            let side = SideRecord::new(SideOutcome::Ok);
            clusters.add(&ComparisonRecord::new(
                RunId::new("r").unwrap(),
                RecordId::new(format!("{number}")).unwrap(),
                "op",
                jiff::Timestamp::UNIX_EPOCH,
                side.clone(),
                side,
                Judgement::Compared(comparison),
            ));
        }
        let found = clusters.sorted(|_, _| None).into_iter();
        found
            .map(|one| (one.path, one.records, one.differences, one.paths))
            .collect()
    }

    #[test]
    fn columns_with_like_differences_are_one_cluster() {
        let one = |path: &str, records, differences, paths| {
            (path.to_owned(), records, differences, paths)
        };
        let columns = [
            "$.columns.a.mean",
            "$.columns.b.mean",
            "$.columns['c d'].mean",
            "$.columns.e.mean",
        ];
        assert_eq!(
            clusters_of(&[&columns, &columns[..2], &["$.columns.a.max"]]),
            [
                one("$.columns.*.mean", 2, 6, 4),
                one("$.columns.a.max", 1, 1, 1)
            ]
        );
        // Arrays below them, and names on two levels.
        let paths: Vec<String> = (0..4)
            .flat_map(|table| {
                (0..4).map(move |column| format!("$.t{table}.c{column}.top[{column}]"))
            })
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(clusters_of(&[&paths]), [one("$.*.*.top[*]", 1, 16, 16)]);
    }

    #[test]
    fn fields_stay_apart() {
        let fields = [
            "$.rows[0].a",
            "$.rows[3].b",
            "$.rows[0].c",
            "$.rows[1].d",
            "$.rows[0].e",
        ];
        assert_eq!(clusters_of(&[&fields]).len(), 5);
        let few = ["$.buyer.name", "$.seller.name", "$.agent.name"];
        assert_eq!(clusters_of(&[&few]).len(), 3);
        // A dictionary of a hundred words is no set of fields.
        let words: Vec<String> = (0..100)
            .map(|word| format!("$.counts.word{word}"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let found = clusters_of(&[&words[..60], &words[50..]]);
        assert_eq!(found, [("$.counts.*".to_owned(), 2, 110, 100)]);
    }
}
