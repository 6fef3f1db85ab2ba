//! What of the comparison options makes sense for tables.

use std::collections::BTreeMap;

use super::{LIMIT, RuleArgs, Tolerance};
use crate::exit::Failure;
use cutover_domain::comparison::Rules;

/// The comparison options, for rows and columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TableRules {
    pub(crate) limit: Option<usize>,
    /// Absolute and relative tolerance of all numbers.
    pub(crate) everywhere: Option<(f64, f64)>,
    /// The same of single columns.
    pub(crate) columns: BTreeMap<String, (f64, f64)>,
    pub(crate) ignore_case: bool,
    pub(crate) ignore_space: bool,
}

impl RuleArgs {
    /// The options, for tables.
    ///
    /// # Errors
    ///
    /// An option was given that speaks of paths, which tables do not have.
    pub(crate) fn of_tables(&self) -> Result<TableRules, Failure> {
        let everywhere_alone = |paths: &[String]| paths.iter().all(|path| path == "$");
        let mut rest = self.clone();
        let mut rules = TableRules {
            limit: rest.limit.take(),
            ignore_case: !self.ignore_case.is_empty(),
            ignore_space: !self.trim.is_empty(),
            ..TableRules::default()
        };
        if everywhere_alone(&self.ignore_case) {
            rest.ignore_case.clear();
        }
        if everywhere_alone(&self.trim) {
            rest.trim.clear();
        }
        for Tolerance { path, value } in rest.abs.drain(..) {
            rules.tolerance(path).0 = value;
        }
        for Tolerance { path, value } in rest.rel.drain(..) {
            rules.tolerance(path).1 = value;
        }
        // Tolerance asked for holds for integers as well.
        rest.tolerate_integers = false;
        if rest.rules()? != Rules::new().limit(LIMIT) {
            return Err(Failure::usage(
                "of the comparison options, tables know --abs, --rel, --ignore-case, --trim and \
                 --limit",
            )
            .hint("columns are left out with --ignore-columns, rows known by --key-columns"));
        }
        Ok(rules)
    }
}

impl TableRules {
    fn tolerance(&mut self, column: Option<String>) -> &mut (f64, f64) {
        match column {
            Some(column) => self.columns.entry(column).or_default(),
            None => self.everywhere.get_or_insert_default(),
        }
    }
}
