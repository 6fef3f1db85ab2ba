//! Which clusters are one: names that are data, not fields.
//!
//! An answer that has `{"columns": {"price": {"mean": …}, "size": {"mean": …}}}` differs at
//! `$.columns.price.mean`, `$.columns.size.mean`, …: one cause, and as many paths as the data has
//! columns. Where the same things hang below many names, the names are taken for data and the paths
//! become `$.columns.*.mean`.

use std::collections::{BTreeSet, HashMap};

use super::Cluster;
use super::cluster::{Found, rank_of};
use super::path::steps;
use crate::comparison::DifferenceKind;

/// So many names with like things below them are data.
const NAMES: usize = 4;

/// So many names are data where nothing hangs below them: fields of a record differ as well, and
/// which of them do is worth knowing.
const LEAVES: usize = 50;

/// So many of the paths that were put together are named.
const PATHS_KEPT: usize = 20;

/// A path of more steps or bytes than these stays as it is: nobody reads it, and putting paths
/// together looks at all of them again and again.
const MOST_STEPS: usize = 100;
const LONGEST_PATH: usize = 1024;

/// What a name becomes.
const ANY: &str = ".*";

/// Puts clusters together until no names are left that look like data.
pub(super) fn merge(mut clusters: Vec<Found>) -> Vec<Found> {
    while let Some((path, group)) = most_alike(&clusters) {
        let group: BTreeSet<usize> = group.into_iter().collect();
        let (mut members, mut others) = (Vec::new(), Vec::new());
        for (index, found) in clusters.into_iter().enumerate() {
            if group.contains(&index) {
                members.push(found);
            } else {
                others.push(found);
            }
        }
        others.extend(together(path, members));
        clusters = others;
    }
    clusters
}

/// The path that most clusters share if one of its names is any name, and these clusters.
///
/// Takes time proportional to the paths: what stands before and after a name is told by a number.
fn most_alike(clusters: &[Found]) -> Option<(String, Vec<usize>)> {
    let mut texts = Texts::default();
    let mut groups: HashMap<(usize, usize, DifferenceKind), Group<'_>> = HashMap::new();
    for (index, found) in clusters.iter().enumerate() {
        let steps = bounded_steps(&found.cluster.path);
        let mut before = 0;
        let befores = steps.iter().map(|step| {
            let so_far = before;
            before = texts.number(before, step);
            so_far
        });
        let befores: Vec<usize> = befores.collect();
        let (mut after, mut is_leaf) = (0, true);
        for place in (1..steps.len()).rev() {
            let step = steps[place];
            if is_name(step) {
                let group = groups
                    .entry((befores[place], after, found.cluster.kind))
                    .or_insert_with(|| Group::around(&found.cluster.path, &steps, place, is_leaf));
                group.clusters.push(index);
                is_leaf = false;
            }
            after = texts.number(after, step);
        }
    }
    let enough = groups
        .into_iter()
        .filter(|(_, group)| group.clusters.len() >= group.needed);
    // Of equals the first by path: what is merged must not depend on the order of the records.
    enough
        .min_by(|((_, _, our_kind), ours), ((_, _, their_kind), theirs)| {
            (theirs.clusters.len().cmp(&ours.clusters.len()))
                .then_with(|| ours.written().cmp(theirs.written()))
                .then_with(|| our_kind.cmp(their_kind))
        })
        .map(|(_, group)| (group.path(), group.clusters))
}

/// The steps of a path that may be put together with others; none of one that is too long.
fn bounded_steps(path: &str) -> Vec<&str> {
    if path.len() > LONGEST_PATH {
        return Vec::new();
    }
    let steps = steps(path);
    if steps.len() > MOST_STEPS {
        return Vec::new();
    }
    steps
}

/// Clusters whose paths are alike but for one name.
struct Group<'p> {
    before: &'p str,
    after: &'p str,
    /// So many names are data here.
    needed: usize,
    clusters: Vec<usize>,
}

impl<'p> Group<'p> {
    fn around(path: &'p str, steps: &[&str], place: usize, is_leaf: bool) -> Self {
        let start: usize = steps[..place].iter().map(|step| step.len()).sum();
        Self {
            before: &path[..start],
            after: &path[start + steps[place].len()..],
            needed: if is_leaf { LEAVES } else { NAMES },
            clusters: Vec::new(),
        }
    }

    fn written(&self) -> impl Iterator<Item = u8> {
        let parts = [self.before, ANY, self.after];
        parts.into_iter().flat_map(str::bytes)
    }

    fn path(&self) -> String {
        [self.before, ANY, self.after].concat()
    }
}

/// A number for each sequence of steps; 0 is none at all.
#[derive(Default)]
struct Texts<'p>(HashMap<(usize, &'p str), usize>);

impl<'p> Texts<'p> {
    /// The number of a known sequence and one step more.
    fn number(&mut self, before: usize, step: &'p str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry((before, step)).or_insert(next)
    }
}

/// One cluster of several.
fn together(path: String, members: Vec<Found>) -> Option<Found> {
    let mut members = members.into_iter();
    let Found {
        cluster: mut whole,
        mut records,
    } = members.next()?;
    whole.stands_for = stands_for(&whole);
    whole.path = path;
    for Found {
        cluster,
        records: more,
    } in members
    {
        whole.stands_for.extend(stands_for(&cluster));
        whole.paths += cluster.paths;
        whole.differences += cluster.differences;
        whole.severity = whole.severity.max(cluster.severity);
        whole.records = whole.records.max(cluster.records);
        // What holds one real path is real.
        whole.noise = whole.noise.max(cluster.noise);
        if rank_of(&cluster.example) < rank_of(&whole.example) {
            whole.example = cluster.example;
        }
        records = records.zip(more).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    whole.stands_for.sort_unstable();
    whole.stands_for.truncate(PATHS_KEPT);
    if let Some(records) = &mut records {
        records.sort_unstable();
        records.dedup();
        whole.records = records.len() as u64;
    }
    Some(Found {
        cluster: whole,
        records,
    })
}

fn stands_for(cluster: &Cluster) -> Vec<String> {
    if cluster.stands_for.is_empty() {
        vec![cluster.path.clone()]
    } else {
        cluster.stands_for.clone()
    }
}

fn is_name(step: &str) -> bool {
    step != ANY && (step.starts_with('.') || step.starts_with("['") || step.starts_with("[\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_somebody_reads_are_put_together() {
        let inside = ["$", ".a", "[*]", "['x']"].concat();
        assert_eq!(bounded_steps(&inside), ["$", ".a", "[*]", "['x']"]);
        let (deep, long) = (".a".repeat(MOST_STEPS), "x".repeat(LONGEST_PATH));
        for path in [format!("${deep}"), format!("$.{long}")] {
            assert!(bounded_steps(&path).is_empty(), "{path}");
        }
    }
}
