//! Which differences are alike.

use std::collections::{HashMap, HashSet};

use super::{Cluster, Example};
use crate::comparison::{ComparisonRecord, Difference, DifferenceKind};

/// At most so many clusters an operation; what does not fit is counted.
const MOST_CLUSTERS: usize = 1000;

/// The path with `[*]` for every index: `$.items[3].price` → `$.items[*].price`. Quoted names stay
/// as they are.
///
/// ```
/// use cutover_domain::comparison::report::generalize;
///
/// assert_eq!(generalize("$.items[3].tags[12]"), "$.items[*].tags[*]");
/// assert_eq!(generalize("$['a[3]'][0]"), "$['a[3]'][*]");
/// ```
#[must_use]
pub fn generalize(path: &str) -> String {
    let mut general = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(bracket) = rest.find('[') {
        general.push_str(&rest[..=bracket]);
        rest = &rest[bracket + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && rest[digits..].starts_with(']') {
            general.push('*');
            rest = &rest[digits..];
        } else if let Some(quote) = rest
            .chars()
            .next()
            .filter(|first| matches!(first, '\'' | '"'))
        {
            let end = end_of_name(rest, quote);
            general.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    general.push_str(rest);
    general
}

/// Where the quoted name that `text` begins with ends.
fn end_of_name(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return index + character.len_utf8();
        }
    }
    text.len()
}

/// The clusters of one operation.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    found: HashMap<(String, DifferenceKind), Cluster>,
    pub(super) unclustered: u64,
}

impl Clusters {
    pub(super) fn add(&mut self, record: &ComparisonRecord) {
        let mut seen = HashSet::new();
        let kept = record.judgement.differences();
        if let Some(comparison) = record.judgement.comparison() {
            self.unclustered += comparison.counts.total().saturating_sub(kept.len() as u64);
        }
        for difference in kept {
            let key = (generalize(&difference.path), difference.kind);
            let room = self.found.len() < MOST_CLUSTERS;
            let cluster = match self.found.get_mut(&key) {
                Some(cluster) => cluster,
                None if room => self
                    .found
                    .entry(key.clone())
                    .or_insert_with(|| begin(&key.0, record, difference)),
                None => {
                    self.unclustered += 1;
                    continue;
                }
            };
            cluster.differences += 1;
            cluster.severity = cluster.severity.max(difference.severity);
            if rank(record, difference) < rank_of(&cluster.example) {
                cluster.example = example(record, difference);
            }
            if seen.insert(key) {
                cluster.records += 1;
            }
        }
    }

    /// Those in the most records first.
    pub(super) fn sorted(self) -> Vec<Cluster> {
        let mut clusters: Vec<Cluster> = self.found.into_values().collect();
        clusters.sort_by(|left, right| {
            (right.records, right.differences)
                .cmp(&(left.records, left.differences))
                .then_with(|| left.path.cmp(&right.path))
                .then_with(|| left.kind.cmp(&right.kind))
        });
        clusters
    }
}

fn begin(path: &str, record: &ComparisonRecord, difference: &Difference) -> Cluster {
    Cluster {
        path: path.to_owned(),
        kind: difference.kind,
        severity: difference.severity,
        records: 0,
        differences: 0,
        example: example(record, difference),
        noise: None,
    }
}

fn example(record: &ComparisonRecord, difference: &Difference) -> Example {
    Example {
        run: record.run.clone(),
        record: record.id.clone(),
        label: record.label().to_owned(),
        difference: difference.clone(),
    }
}

/// Small examples are easy to read; beyond that any rule does that does not depend on the order of
/// the records.
type Rank<'a> = (usize, &'a str, &'a str, &'a str);

fn rank<'a>(record: &'a ComparisonRecord, difference: &'a Difference) -> Rank<'a> {
    (
        size(difference),
        &difference.path,
        record.run.as_str(),
        record.id.as_str(),
    )
}

fn rank_of(example: &Example) -> Rank<'_> {
    let difference = &example.difference;
    (
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
    fn only_indexes_are_generalized() {
        for (path, general) in [
            ("$", "$"),
            ("$.a.b", "$.a.b"),
            ("$[0]", "$[*]"),
            ("$[0][17].x[2]", "$[*][*].x[*]"),
            ("$['[0]']", "$['[0]']"),
            (r"$['it\'s [1]'][2]", r"$['it\'s [1]'][*]"),
            ("$[\"[0]\"][1]", "$[\"[0]\"][*]"),
            ("$[*]", "$[*]"),
            ("$[", "$["),
            ("$['open", "$['open"),
            ("$[12", "$[12"),
            ("$.é[3].日本", "$.é[*].日本"),
        ] {
            assert_eq!(generalize(path), general, "{path}");
        }
    }
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
        assert_eq!(clusters.sorted()[0].differences, 2);
    }
}
