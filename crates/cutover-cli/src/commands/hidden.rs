//! What rules hide, and rules that speak of nothing, for the last lines of a command.

use std::sync::{Mutex, PoisonError};

use cutover_domain::comparison::RuleHit;
use cutover_domain::comparison::report::shorten;

use crate::context::Context;
use crate::output::{counted, printable};

/// Warns where a rule leaves nothing to compare, and names one that hides every difference there is.
pub(super) fn warn_of_blindness(context: &Context, hidden: &[RuleHit], has_differences: bool) {
    let blinding = hidden
        .iter()
        .find(|hit| looks_away_from_everything(&hit.rule));
    if let Some(hit) = blinding {
        context.output.warn(format_args!(
            "`{}` hides the whole answer, so that nothing was compared",
            printable(&hit.rule)
        ));
    } else if !has_differences
        && let [only] = hidden
        && is_by_place(&only.rule)
    {
        context.output.note(format_args!(
            "every difference ({}) is hidden by `{}`",
            counted(only.hidden, "place"),
            printable(&only.rule)
        ));
    }
}

/// Of so many rules it is said that they speak of nothing; the others are counted.
const NAMED: usize = 10;
/// So many letters of a rule are shown.
const WIDEST: usize = 200;

/// Warns of rules that speak of what no answer has.
pub(super) fn warn_of_unmatched(context: &Context, unmatched: &[String]) {
    for rule in unmatched.iter().take(NAMED) {
        context.output.warn(format_args!(
            "`{}` speaks of what neither side has: see that it is written as you mean it",
            shorten(&printable(rule), WIDEST)
        ));
    }
    if unmatched.len() > NAMED {
        context.output.warn(format_args!(
            "so {}",
            match unmatched.len() - NAMED {
                1 => "does 1 more rule".to_owned(),
                more => format!("do {more} more rules"),
            }
        ));
    }
}

/// The rules that were of no use in any of several comparisons.
#[derive(Debug, Default)]
pub(super) struct Unmatched(Mutex<Option<Vec<String>>>);

impl Unmatched {
    /// Adds a comparison: the rules that matched nothing in it, if that is known.
    pub(super) fn see(&self, unmatched: Option<Vec<String>>) {
        let Some(unmatched) = unmatched else { return };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *all {
            Some(all) => all.retain(|rule| unmatched.contains(rule)),
            none => *none = Some(unmatched),
        }
    }

    pub(super) fn rules(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone().unwrap_or_default()
    }
}

/// Whether a rule looks away from places, whatever stands there.
fn is_by_place(rule: &str) -> bool {
    rule.starts_with("ignore ")
}

/// Whether a rule ignores the whole answer, or everything in it.
fn looks_away_from_everything(rule: &str) -> bool {
    let Some(path) = rule.strip_prefix("ignore $") else {
        return false;
    };
    let steps = path.replace("[*]", ".*");
    matches!(steps.as_str(), "" | ".*" | "..*" | "...*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_matched_once_is_of_use() {
        let unmatched = Unmatched::default();
        let rules = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        unmatched.see(None);
        assert!(unmatched.rules().is_empty());
        unmatched.see(rules(&["ignore $.a", "ignore $.b"]));
        unmatched.see(rules(&["ignore $.b", "ignore $.c"]));
        assert_eq!(unmatched.rules(), ["ignore $.b"]);
    }

    #[test]
    fn a_rule_for_everything_is_told_from_one_for_a_place() {
        for rule in [
            "ignore $",
            "ignore $[*]",
            "ignore $.*",
            "ignore $..*",
            "ignore $..[*]",
        ] {
            assert!(looks_away_from_everything(rule), "{rule}");
        }
        for rule in [
            "ignore $.a",
            "ignore $[0]",
            "ignore $[*].at",
            "ignore $..at",
            "ignore $[*][*]",
            "unordered $",
            "only $",
        ] {
            assert!(!looks_away_from_everything(rule), "{rule}");
        }
    }
}
