//! What rules hide, for the last lines of a command.

use cutover_domain::comparison::RuleHit;

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
