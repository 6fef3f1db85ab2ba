//! What people decided about the differences that were found: rules, each with its reason.

use cutover::domain::comparison::Rules;

/// A place that is not compared any more, and why.
pub(super) struct Accepted {
    pub(super) path: &'static str,
    pub(super) because: &'static str,
}

const fn accepted(path: &'static str, because: &'static str) -> Accepted {
    Accepted { path, because }
}

/// The accepted differences. Everything here is a place where the new answer is the better one.
pub(super) const ACCEPTED: [Accepted; 17] = [
    accepted(
        "$.target",
        "legacy names the last column when none is telling; nobody used that guess",
    ),
    accepted(
        "$.id_columns",
        "legacy takes a name for it; modern wants it to tell the rows apart",
    ),
    accepted(
        "$.columns.time_hour",
        "an instant; legacy cuts the time of day off",
    ),
    accepted(
        "$.columns['Effect Amount of damage']",
        "`None` is a category here, not a gap",
    ),
    accepted(
        "$.columns.county_id",
        "a code with zeros in front, not a number",
    ),
    accepted(
        "$.columns.zip_code",
        "a code with zeros in front, not a number",
    ),
    accepted(
        "$.columns.precip",
        "dry in the first hundred rows, so legacy takes it for whole numbers",
    ),
    accepted(
        "$.columns.visib",
        "whole miles in the first hundred rows only",
    ),
    accepted(
        "$.columns.speed",
        "`NA` for more than a hundred rows, so legacy takes it for text",
    ),
    accepted(
        "$.columns['properties.mmi']",
        "null for more than a hundred records",
    ),
    accepted(
        "$.columns['properties.time'].std",
        "legacy subtracts two large sums and loses digits",
    ),
    accepted(
        "$.columns['properties.updated'].std",
        "legacy subtracts two large sums and loses digits",
    ),
    accepted("$.columns.Deprecated", "empty for more than a hundred rows"),
    accepted(
        "$.date_columns",
        "follows from columns that are empty for a hundred rows",
    ),
    accepted(
        "$.columns['column_7','column_8','column_9']",
        "digits that begin after a hundred rows",
    ),
    accepted("$.columns.column_10", "legacy reads the letter N as `no`"),
    accepted(
        "$.columns['column_13','column_15']",
        "hexadecimal numbers: legacy reads 01E5 as 100000",
    ),
];

/// Numbers may part by what rounding to four decimals makes of them.
pub(super) const ROUNDING: (f64, f64) = (1e-4, 1e-6);

/// The first rule: rounding is no difference.
pub(super) fn rounding() -> Rules {
    let (absolute, relative) = ROUNDING;
    Rules::new().absolute(absolute).relative(relative)
}

/// All rules that are in force from the decision on.
pub(super) fn rules() -> Rules {
    ACCEPTED
        .iter()
        .fold(rounding(), |rules, accepted| rules.ignore(accepted.path))
}

/// What is known about a kind of difference, for those who meet it first.
pub(super) fn explanation(cluster: &str) -> Option<&'static str> {
    Some(match cluster {
        "$.columns.*.std" => {
            "legacy divides by n and rounds to four decimals, modern divides by n − 1"
        }
        "$.columns.*.mean" => "legacy rounds to four decimals",
        "$.columns.*.min" | "$.columns.*.max" => "another type has other extremes, or none",
        "$.columns.*.top" => {
            "equally frequent values: legacy as they are met, modern by their text"
        }
        "$.columns.*.kind" => "legacy looks at a hundred rows, modern at all of them",
        "$.columns.*.missing" | "$.columns.*.count" | "$.columns.*.distinct" => {
            "legacy drops what does not fit its type, and takes `None` for a gap"
        }
        "$.target" => "legacy guesses the last column, modern says that it does not know",
        "$.id_columns" => "legacy goes by names, modern by what tells the rows apart",
        "$.date_columns" => "a column that is empty for a hundred rows is text to legacy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_can_be_used() {
        rules().build().unwrap();
    }

    #[test]
    fn the_rules_file_says_what_was_decided() {
        let lines: Vec<&str> = include_str!("../../accepted.toml")
            .lines()
            .map(str::trim)
            .collect();
        for accepted in &ACCEPTED {
            let entry = [
                format!("# {}", accepted.because),
                format!("\"{}\",", accepted.path),
            ];
            assert!(lines.windows(2).any(|two| two == entry), "{entry:?}");
        }
        let paths = lines.iter().filter(|line| line.starts_with('"'));
        assert_eq!(paths.count(), ACCEPTED.len());
        let number = |name: &str| {
            let value = lines.iter().find_map(|line| line.strip_prefix(name));
            value.unwrap().parse::<f64>().unwrap()
        };
        assert_eq!((number("absolute = "), number("relative = ")), ROUNDING);
    }
}
