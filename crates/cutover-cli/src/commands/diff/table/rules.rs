//! The comparison rules, for rows and columns: those that make sense without paths.

use cutover_domain::comparison::Rules;
use cutover_table::{TableComparator, Tolerance};
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;

/// Of the rules, what tables know. Anything else is refused by its name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TableRules {
    limit: Option<usize>,
    numbers: Numbers,
    strings: Strings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Numbers {
    absolute: Option<f64>,
    relative: Option<f64>,
    /// What is asked for holds for integers as well; tables know no other way.
    #[serde(rename = "integers")]
    _integers: Option<bool>,
    at: Vec<NumbersAt>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumbersAt {
    /// The name of a column, also as `$.name`.
    path: String,
    absolute: Option<f64>,
    relative: Option<f64>,
    #[serde(rename = "integers")]
    _integers: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Strings {
    trim: Option<Value>,
    ignore_case: Option<Value>,
}

/// Applies `rules` to a comparison of tables.
///
/// # Errors
///
/// A rule speaks of paths, which tables do not have.
pub(super) fn apply(
    rules: &Rules,
    mut comparator: TableComparator,
) -> Result<TableComparator, Failure> {
    let read = serde_json::to_value(rules).and_then(serde_json::from_value);
    let rules: TableRules = read.map_err(|error| not_for_tables(&error.to_string()))?;
    if let Some(limit) = rules.limit {
        comparator = comparator.samples(limit);
    }
    if let Some(tolerance) = tolerance(rules.numbers.absolute, rules.numbers.relative) {
        comparator = comparator.numbers(tolerance);
    }
    for at in rules.numbers.at {
        if let Some(tolerance) = tolerance(at.absolute, at.relative) {
            let column = at.path.strip_prefix("$.").unwrap_or(&at.path);
            comparator = comparator.tolerance(column, tolerance);
        }
    }
    if everywhere(rules.strings.trim, "trim")? {
        comparator = comparator.ignore_space();
    }
    if everywhere(rules.strings.ignore_case, "ignore_case")? {
        comparator = comparator.ignore_case();
    }
    Ok(comparator)
}

fn tolerance(absolute: Option<f64>, relative: Option<f64>) -> Option<Tolerance> {
    (absolute.is_some() || relative.is_some()).then(|| Tolerance {
        absolute: absolute.unwrap_or(0.0),
        relative: relative.unwrap_or(0.0),
    })
}

/// Rules about texts hold for all columns or for none.
fn everywhere(places: Option<Value>, rule: &str) -> Result<bool, Failure> {
    match places {
        None | Some(Value::Bool(false)) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(Value::Array(paths)) if paths.iter().all(|path| path == "$") => Ok(!paths.is_empty()),
        Some(_) => Err(not_for_tables(&format!("{rule} at a path"))),
    }
}

fn not_for_tables(what: &str) -> Failure {
    // What serde expected instead is said in our words.
    let what = what.split(", expected").next().unwrap_or(what);
    Failure::usage(format_args!(
        "this rule is not for tables: {what}; they know limit, numbers, and trim and ignore_case of \
         strings"
    ))
    .hint("columns are left out with --ignore-columns, and rows known by --key-columns")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(rules: &Rules) -> Result<String, String> {
        apply(rules, TableComparator::by_order())
            .map(|comparator| format!("{comparator:?}"))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn rules_about_numbers_and_texts_are_applied() {
        let rules: Rules = toml::from_str(
            "limit = 7
             [numbers]
             absolute = 0.5
             [[numbers.at]]
             path = '$.price'
             relative = 0.25
             [strings]
             trim = true
             ignore_case = true",
        )
        .unwrap();
        let expected = TableComparator::by_order()
            .samples(7)
            .numbers(Tolerance::absolute(0.5))
            .tolerance("price", Tolerance::relative(0.25))
            .ignore_space()
            .ignore_case();
        assert_eq!(applied(&rules), Ok(format!("{expected:?}")));
    }

    #[test]
    fn rules_about_paths_are_refused_by_name() {
        for (rules, name) in [
            (Rules::new().ignore("$.a"), "`ignore`"),
            (Rules::new().unordered_everywhere(), "`unordered`"),
            (Rules::new().strict(), "`strict`"),
            (Rules::new().ignore_case("$.a"), "ignore_case at a path"),
        ] {
            let error = applied(&rules).unwrap_err();
            assert!(
                error.contains(name) && error.contains("--ignore-columns"),
                "{error}"
            );
        }
    }
}
