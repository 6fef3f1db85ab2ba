//! Everything a program answered in one tree: `$.exit`, `$.stdout`, `$.files['out.json']`.
//!
//! One tree, so that the rules of a comparison reach all of it.

use cutover_domain::comparison::{Comparator, Comparison, Difference, DifferenceKind};
use cutover_domain::tree::{BuildError, Tree, TreeBuilder};

use super::reading::Read;

/// Where the tree says how a program ended.
const EXIT: &str = "$.exit";

/// Compares how the sides ended, what they wrote and the files they left. Without `stdout` (and
/// files) only how they ended.
pub(super) fn compare(
    comparator: &Comparator,
    exits: [&str; 2],
    stdout: Option<Read>,
    files: Vec<(String, Read)>,
) -> Result<Comparison, String> {
    let mut parts: Vec<(Place, Read)> = Vec::with_capacity(files.len() + 1);
    parts.extend(stdout.map(|read| (Place::Stdout, read)));
    parts.extend(
        files
            .into_iter()
            .map(|(name, read)| (Place::File(name), read)),
    );
    let (broken, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, read)| read.broken);
    let build = |exit, side: fn(&Read) -> Option<&Tree>| {
        let values = parts
            .iter()
            .filter_map(|(place, read)| Some((place, side(read)?)));
        tree(Some(exit), values)
            .map_err(|error| format!("the answers are too large to be compared: {error}"))
    };
    let [old_exit, new_exit] = exits;
    let old = build(old_exit, |read| read.old.as_ref())?;
    let new = build(new_exit, |read| read.new.as_ref())?;
    let mut comparison = comparator.compare(&old, &new);
    for difference in &mut comparison.differences {
        if difference.path == EXIT {
            difference.kind = DifferenceKind::Outcome;
            comparison.counts.value = comparison.counts.value.saturating_sub(1);
            comparison.counts.add(DifferenceKind::Outcome);
        }
    }
    for (place, read) in broken {
        add_broken(comparator, &mut comparison, &place, read);
    }
    Ok(comparison)
}

/// A part of the answer.
enum Place {
    Stdout,
    File(String),
}

fn tree<'a>(
    exit: Option<&str>,
    values: impl Iterator<Item = (&'a Place, &'a Tree)>,
) -> Result<Tree, BuildError> {
    let mut builder = TreeBuilder::new();
    let mut values = values.peekable();
    builder.begin_object();
    if let Some(exit) = exit {
        builder.key("exit");
        builder.string(exit);
    }
    if let Some((_, stdout)) = values.next_if(|(place, _)| matches!(place, Place::Stdout)) {
        builder.key("stdout");
        builder.value(stdout.root());
    }
    builder.key("files");
    builder.begin_object();
    for (place, value) in values {
        if let Place::File(name) = place {
            builder.key(name);
            builder.value(value.root());
        }
    }
    // The names of files in a folder, and three others, are each there once.
    let _ = builder.end_object();
    let _ = builder.end_object();
    builder.finish()
}

/// Adds that a part could not be read on one side. Only a rule that ignores the part hides it.
fn add_broken(comparator: &Comparator, comparison: &mut Comparison, place: &Place, read: Read) {
    // What would be said if all of it were different.
    let probe = |value: Tree| tree(None, std::iter::once((place, &value)));
    let (Ok(old), Ok(new)) = (probe(Tree::null()), probe(Tree::integer(1))) else {
        return;
    };
    let seen = comparator.compare(&old, &new);
    let is_ignored = seen
        .hidden
        .iter()
        .any(|hit| hit.rule.starts_with("ignore "));
    if seen.equal && is_ignored {
        for hit in seen.hidden {
            match comparison
                .hidden
                .iter_mut()
                .find(|known| known.rule == hit.rule)
            {
                Some(known) => known.hidden += hit.hidden,
                None => comparison.hidden.push(hit),
            }
        }
        return;
    }
    let plain = Comparator::default().compare(&old, &new).differences;
    let severity = seen.differences.first().map(|found| found.severity);
    comparison.equal = false;
    comparison.counts.add(DifferenceKind::Type);
    comparison.differences.push(Difference {
        path: plain
            .into_iter()
            .next()
            .map_or_else(|| "$".to_owned(), |found| found.path),
        new_path: None,
        kind: DifferenceKind::Type,
        old: read.old,
        new: read.new,
        times: None,
        severity: severity.unwrap_or_default(),
    });
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;

    use super::*;

    fn read(old: Option<&str>, new: Option<&str>) -> Read {
        let tree = |json: &str| Tree::from_json(json).unwrap();
        Read {
            old: old.map(tree),
            new: new.map(tree),
            ..Read::same("json")
        }
    }

    fn parts() -> Vec<(String, Read)> {
        vec![
            (
                "a b.json".to_owned(),
                read(Some("{\"x\":1}"), Some("{\"x\":2}")),
            ),
            ("gone".to_owned(), read(Some("1"), None)),
            ("same".to_owned(), read(None, None)),
        ]
    }

    fn lines(rules: Rules, files: Vec<(String, Read)>) -> (Vec<String>, Comparison) {
        let comparator = rules.build().unwrap();
        let stdout = read(Some("[1,2]"), Some("[2,1]"));
        let exits = ["exit status 0", "exit status 3"];
        let found = compare(&comparator, exits, Some(stdout), files).unwrap();
        let lines = found.differences.iter().map(ToString::to_string).collect();
        (lines, found)
    }

    #[test]
    fn rules_reach_every_part_and_an_end_is_an_outcome() {
        let (found, comparison) = lines(Rules::new().unordered("$.stdout"), parts());
        assert_eq!(
            found,
            [
                "$.exit: outcome \"exit status 0\" → \"exit status 3\"",
                "$.files['a b.json'].x: value 1 → 2",
                "$.files.gone: missing 1",
            ]
        );
        let counts = comparison.counts;
        assert_eq!((counts.outcome, counts.value, counts.missing), (1, 1, 1));
        let rules = Rules::new()
            .unordered("$.stdout")
            .ignore("$.exit")
            .ignore("$.files.gone")
            .ignore("$.files['a b.json'].x");
        assert_eq!(lines(rules, parts()).0, [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_differs_unless_it_is_ignored() {
        let broken = || {
            let read = Read {
                broken: true,
                ..read(Some("[1]"), Some("\"oops\""))
            };
            vec![("x.json".to_owned(), read)]
        };
        let rest = || Rules::new().ignore("$.exit").unordered("$.stdout");
        for rules in [rest(), rest().only("$.files['x.json'].id"), rest().strict()] {
            let (found, comparison) = lines(rules, broken());
            assert_eq!(found, ["$.files['x.json']: type [1] → \"oops\""]);
            assert!(!comparison.equal);
        }
        let (found, comparison) = lines(rest().ignore("$.files['x.json']"), broken());
        assert_eq!(found, [""; 0]);
        assert!(
            comparison.equal && comparison.hidden.len() == 3,
            "{comparison:?}"
        );
    }
}
