//! Which clusters are one: names that are data, not fields.
//!
//! An answer that has `{"columns": {"price": {"mean": …}, "size": {"mean": …}}}` differs at
//! `$.columns.price.mean`, `$.columns.size.mean`, …: one cause, and as many paths as the data has
//! columns. Where the same things hang below many names, the names are taken for data and the paths
//! become `$.columns.*.mean`.

use std::collections::{BTreeMap, BTreeSet};

use super::Cluster;
use super::cluster::{Found, rank_of};
use crate::comparison::DifferenceKind;

/// So many names with like things below them are data.
const NAMES: usize = 4;

/// So many names are data where nothing hangs below them: fields of a record differ as well, and
/// which of them do is worth knowing.
const LEAVES: usize = 50;

/// So many of the paths that were put together are named.
const PATHS_KEPT: usize = 20;

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
fn most_alike(clusters: &[Found]) -> Option<(String, Vec<usize>)> {
    let mut groups: BTreeMap<(String, DifferenceKind), (usize, Vec<usize>)> = BTreeMap::new();
    for (index, found) in clusters.iter().enumerate() {
        let steps = steps(&found.cluster.path);
        for place in 1..steps.len() {
            if !is_name(steps[place]) {
                continue;
            }
            let is_leaf = steps[place + 1..].iter().all(|step| !is_name(step));
            let needed = if is_leaf { LEAVES } else { NAMES };
            let (before, after) = (&steps[..place], &steps[place + 1..]);
            let path = [&before.concat(), ANY, &after.concat()].concat();
            let group = groups.entry((path, found.cluster.kind)).or_default();
            group.0 = needed;
            group.1.push(index);
        }
    }
    let enough = groups
        .into_iter()
        .filter(|(_, (needed, group))| group.len() >= *needed);
    // Of equals the first by path: what is merged must not depend on the order of the records.
    enough
        .min_by(|(left, (_, ours)), (right, (_, theirs))| {
            (theirs.len().cmp(&ours.len())).then_with(|| left.cmp(right))
        })
        .map(|((path, _), (_, group))| (path, group))
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

/// The steps of a path as they are written: `$`, `.items`, `[*]`, `['a b']`. A path that is not
/// written so is a single step.
fn steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let length = match rest.as_bytes() {
            [b'$', ..] if steps.is_empty() => 1,
            [b'.', ..] => rest[1..].find(['.', '[']).unwrap_or(rest.len() - 1) + 1,
            [b'[', quote @ (b'\'' | b'"'), ..] => {
                1 + super::cluster::end_of_name(&rest[1..], char::from(*quote)) + 1
            }
            [b'[', ..] => rest.find(']').map_or(rest.len() + 1, |end| end + 1),
            _ => return vec![path],
        };
        let Some((step, after)) = rest.split_at_checked(length) else {
            return vec![path];
        };
        steps.push(step);
        rest = after;
    }
    steps
}

fn is_name(step: &str) -> bool {
    step != ANY && (step.starts_with('.') || step.starts_with("['") || step.starts_with("[\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_into_its_steps() {
        for (path, expected) in [
            ("$", &["$"][..]),
            ("$.a.b[*].c", &["$", ".a", ".b", "[*]", ".c"]),
            ("$['a.b'][*]", &["$", "['a.b']", "[*]"]),
            (r"$['it\'s']['x']", &["$", r"['it\'s']", "['x']"]),
            ("$.*.x", &["$", ".*", ".x"]),
            ("not a path", &["not a path"]),
            ("$['open", &["$['open"]),
            ("$[", &["$["]),
            ("", &[]),
            ("$.é.日本", &["$", ".é", ".日本"]),
        ] {
            assert_eq!(steps(path), expected, "{path}");
        }
    }
}
