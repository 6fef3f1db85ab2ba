//! Everything a program answered in one tree: `$.exit`, `$.stdout`, `$.stderr`,
//! `$.files['out.json']`.
//!
//! One tree, so that the rules of a comparison reach all of it.

use cutover_domain::comparison::{Comparator, Comparison, Difference, DifferenceKind, Severity};
use cutover_domain::tree::{BuildError, Tree, TreeBuilder};

use super::reading::{ColumnApart, Read};
use crate::commands::rules::compare_in_time;

/// Where the tree says how a program ended.
pub(super) const EXIT: &str = "$.exit";

/// Compares how the sides ended and the parts of what they wrote: standard output before standard
/// error before files. Without parts only how they ended.
pub(super) fn compare(
    comparator: &Comparator,
    exits: [&str; 2],
    parts: Vec<(Place, Read)>,
) -> Result<Comparison, String> {
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
    let mut comparison = compare_in_time(comparator, &old, &new);
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
    for (place, read) in &parts {
        add_columns(comparator, &mut comparison, place, &read.columns);
    }
    Ok(comparison)
}

/// A part of the answer.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Standard output, where it is the whole answer.
    Alone,
    Stdout,
    Stderr,
    File(String),
}

impl Place {
    /// The path of it.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Alone => "$".to_owned(),
            Self::Stdout => "$.stdout".to_owned(),
            Self::Stderr => "$.stderr".to_owned(),
            Self::File(name) => format!("$.files{}", member(name)),
        }
    }
}

/// A step of a path to a member of this name: `.name`, or in quotes.
pub(super) fn member(name: &str) -> String {
    let with = |name: Option<&str>| {
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        if let Some(name) = name {
            builder.key(name);
            builder.null();
        }
        // One member is not there twice.
        let _ = builder.end_object();
        builder.finish().unwrap_or_else(|_| Tree::null())
    };
    // The engine knows how paths are written.
    let found = Comparator::default().compare(&with(Some(name)), &with(None));
    let path = found.differences.into_iter().next().map(|found| found.path);
    path.and_then(|path| path.strip_prefix('$').map(str::to_owned))
        .unwrap_or_default()
}

fn tree<'a>(
    exit: Option<&str>,
    values: impl Iterator<Item = (&'a Place, &'a Tree)>,
) -> Result<Tree, BuildError> {
    let mut builder = TreeBuilder::new();
    let mut values = values.peekable();
    if let Some((_, whole)) = values.next_if(|(place, _)| matches!(place, Place::Alone)) {
        return Ok(whole.clone());
    }
    builder.begin_object();
    if let Some(exit) = exit {
        builder.key("exit");
        builder.string(exit);
    }
    if let Some((_, stdout)) = values.next_if(|(place, _)| matches!(place, Place::Stdout)) {
        builder.key("stdout");
        builder.value(stdout.root());
    }
    if let Some((_, stderr)) = values.next_if(|(place, _)| matches!(place, Place::Stderr)) {
        builder.key("stderr");
        builder.value(stderr.root());
    }
    builder.key("files");
    builder.begin_object();
    for (place, value) in values {
        if let Place::File(name) = place {
            builder.key(name);
            builder.value(value.root());
        }
    }
    // The names of files in a folder, and four others, are each there once.
    let _ = builder.end_object();
    let _ = builder.end_object();
    builder.finish()
}

/// Adds that a part could not be read on one side. Only a rule that ignores the part hides it.
fn add_broken(comparator: &Comparator, comparison: &mut Comparison, place: &Place, read: Read) {
    let difference = Difference {
        path: place.path(),
        new_path: None,
        kind: DifferenceKind::Type,
        old: read.old,
        new: read.new,
        times: None,
        severity: Severity::default(),
    };
    let hides = |rule: &str| rule.starts_with("ignore ");
    let probe = [Tree::null(), Tree::integer(1)];
    add(comparator, comparison, (place, &probe), hides, difference);
}

/// Adds columns that part as a whole: one difference each, whatever the number of rows.
pub(super) fn add_columns(
    comparator: &Comparator,
    comparison: &mut Comparison,
    place: &Place,
    columns: &[ColumnApart],
) {
    for column in columns {
        let table = column.table.as_deref();
        let row = |value: Option<Tree>| rows_of_one(table, &column.name, value);
        let probe = match column.kind {
            DifferenceKind::Missing => [row(Some(Tree::integer(1))), row(None)],
            DifferenceKind::Extra => [row(None), row(Some(Tree::integer(1)))],
            _ => [row(Some(Tree::integer(1))), row(Some(Tree::string("x")))],
        };
        let told = |kind: &Option<String>| kind.as_ref().map(Tree::string);
        let difference = Difference {
            path: format!(
                "{}{}[*]{}",
                place.path(),
                table.map(member).unwrap_or_default(),
                member(&column.name)
            ),
            new_path: None,
            kind: column.kind,
            old: told(&column.old),
            new: told(&column.new),
            times: None,
            severity: Severity::default(),
        };
        add(
            comparator,
            comparison,
            (place, &probe),
            |_| true,
            difference,
        );
    }
}

/// One row with this column alone, or with none.
fn rows_of_one(table: Option<&str>, column: &str, value: Option<Tree>) -> Tree {
    let mut builder = TreeBuilder::new();
    if let Some(table) = table {
        builder.begin_object();
        builder.key(table);
    }
    builder.begin_array();
    builder.begin_object();
    if let Some(value) = value {
        builder.key(column);
        builder.value(value.root());
    }
    // One member is not there twice.
    let _ = builder.end_object();
    builder.end_array();
    if table.is_some() {
        let _ = builder.end_object();
    }
    builder.finish().unwrap_or_else(|_| Tree::null())
}

/// Adds a difference that no value shows, with the severity that the rules have for what `probe`
/// differs in; not where they hide that by a rule that `hides`.
fn add(
    comparator: &Comparator,
    comparison: &mut Comparison,
    (place, [old, new]): (&Place, &[Tree; 2]),
    hides: impl Fn(&str) -> bool,
    mut difference: Difference,
) {
    let whole = |value| tree(None, std::iter::once((place, value)));
    let (Ok(old), Ok(new)) = (whole(old), whole(new)) else {
        return;
    };
    let seen = comparator.compare(&old, &new);
    if seen.counts.total() == 0 && seen.hidden.iter().any(|hit| hides(&hit.rule)) {
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
    let severity = seen.differences.first().map(|found| found.severity);
    difference.severity = severity.unwrap_or_default();
    comparison.equal &= seen.equal && seen.counts.total() > 0;
    comparison.by_severity.add(difference.severity);
    comparison.counts.add(difference.kind);
    comparison.differences.push(difference);
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
        let files = files.into_iter();
        let files = files.map(|(name, read)| (Place::File(name), read));
        let parts = std::iter::once((Place::Stdout, stdout)).chain(files);
        let found = compare(&comparator, exits, parts.collect()).unwrap();
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
