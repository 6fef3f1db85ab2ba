//! Everything a program answered in one tree: `$.exit`, `$.stdout`, `$.files["out.json"]`.
//!
//! One tree, so that the rules of a comparison reach all of it.

use cutover_domain::comparison::{Comparator, Comparison, DifferenceKind};
use cutover_domain::tree::{BuildError, Tree, TreeBuilder};

use super::reading::Read;

/// Where the tree says how a program ended.
const EXIT: &str = "$.exit";

/// Compares how the sides ended, what they wrote and the files they left. Without `stdout` (and
/// files) only how they ended.
pub(super) fn compare(
    comparator: &Comparator,
    exits: [&str; 2],
    stdout: Option<&Read>,
    files: &[(String, Read)],
) -> Result<Comparison, String> {
    let [old_exit, new_exit] = exits;
    let build = |exit, side: fn(&Read) -> Option<&Tree>| {
        tree(exit, stdout.and_then(side), files, side)
            .map_err(|error| format!("the answers are too large to be compared: {error}"))
    };
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
    Ok(comparison)
}

fn tree(
    exit: &str,
    stdout: Option<&Tree>,
    files: &[(String, Read)],
    side: fn(&Read) -> Option<&Tree>,
) -> Result<Tree, BuildError> {
    let mut builder = TreeBuilder::new();
    builder.begin_object();
    builder.key("exit");
    builder.string(exit);
    if let Some(stdout) = stdout {
        builder.key("stdout");
        builder.value(stdout.root());
    }
    builder.key("files");
    builder.begin_object();
    for (name, read) in files {
        if let Some(tree) = side(read) {
            builder.key(name);
            builder.value(tree.root());
        }
    }
    // The names of files in a folder, and three others, are each there once.
    let _ = builder.end_object();
    let _ = builder.end_object();
    builder.finish()
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
            read_as: "json",
        }
    }

    #[test]
    fn rules_reach_every_part_and_an_end_is_an_outcome() {
        let files = [
            (
                "a b.json".to_owned(),
                read(Some("{\"x\":1}"), Some("{\"x\":2}")),
            ),
            ("gone".to_owned(), read(Some("1"), None)),
            ("same".to_owned(), read(None, None)),
        ];
        let stdout = read(Some("[1,2]"), Some("[2,1]"));
        let compare = |rules: Rules| {
            let comparator = rules.build().unwrap();
            let exits = ["exit status 0", "exit status 3"];
            let found = compare(&comparator, exits, Some(&stdout), &files).unwrap();
            let lines: Vec<_> = found.differences.iter().map(ToString::to_string).collect();
            (lines, found.counts)
        };
        let (lines, counts) = compare(Rules::new().unordered("$.stdout"));
        assert_eq!(
            lines,
            [
                "$.exit: outcome \"exit status 0\" → \"exit status 3\"",
                "$.files[\"a b.json\"].x: value 1 → 2",
                "$.files.gone: missing 1",
            ]
        );
        assert_eq!((counts.outcome, counts.value, counts.missing), (1, 1, 1));
        let rules = Rules::new()
            .unordered("$.stdout")
            .ignore("$.exit")
            .ignore("$.files.gone")
            .ignore("$.files['a b.json'].x");
        assert_eq!(compare(rules).0, [""; 0]);
    }
}
