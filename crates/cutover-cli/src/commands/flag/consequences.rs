//! What a change does not say by itself: what stands between it and what it was made for, and
//! what else it switches off.

use cutover_domain::flags::{Definition, FlagDocument, FlagKey, KeyChange, Rollout, Shared, State};

use super::outcomes::{Dependents, closed, is_closed, is_default, is_off_for_all, only_outcome};
use super::set::set_off;
use super::split;
use crate::output::printable;
use crate::suggest::command;

/// The warnings about changes that lead to `document`.
pub(super) fn warnings(document: &FlagDocument, changes: &[KeyChange]) -> Vec<String> {
    let mut warnings = Vec::new();
    let dependents = Dependents::within(document);
    for change in changes {
        let Some(flag) = &change.after else { continue };
        let key = &change.key;
        let before = change.before.as_ref();
        let killed_before = before.is_some_and(|flag| flag.state == State::Killed);
        if flag.state == State::Killed && killed_before {
            warnings.push(format!(
                "{key} is killed: everybody gets {} until `{}`",
                printable(&flag.off),
                command(&["flag", "restore", key.as_str()])
            ));
        }
        // Whoever makes a flag behind another one knows it; it is later that it is forgotten.
        for required in closed(document, flag).filter(|_| before.is_some()) {
            warnings.push(format!(
                "{key} requires {required}, which is off for everybody without an override"
            ));
        }
        if is_closed(flag) && before.is_some_and(|flag| !is_closed(flag)) {
            let others = dependents.switched_off(key);
            if !others.is_empty() {
                let except = if is_off_for_all(flag) {
                    String::new()
                } else {
                    format!(" without an override of {key}")
                };
                warnings.push(format!(
                    "what requires {key} is now off, too, for everybody{except}: {}",
                    others.join(", ")
                ));
            }
        }
        warnings.extend(idle_rollout(key, flag));
        let rollout_before = before.and_then(|flag| flag.rollout.as_ref());
        if flag.rollout.as_ref() != rollout_before
            && let Some(warning) = flag.rollout.as_ref().and_then(coarse)
        {
            warnings.push(format!("{key}: {warning}"));
        }
    }
    warnings
}

/// Says so when a rollout decides nothing, because everybody gets the same.
pub(super) fn idle_rollout(key: &FlagKey, flag: &Definition) -> Option<String> {
    let rollout = flag
        .rollout
        .as_ref()
        .filter(|_| flag.state == State::Enabled)?;
    if let Some(share) = rollout.percentage {
        return is_default(flag, flag.rollout_variant()).then(|| {
            let way_out = if is_default(flag, &flag.off) {
                String::new()
            } else {
                format!("; `{}` comes first", set_off(key, flag))
            };
            format!(
                "{key} answers {} to everybody, inside the {share} % and outside{way_out}",
                printable(&flag.default)
            )
        });
    }
    // One part for all of them is meant so; several parts that answer the same are not.
    let several = rollout.split.iter().filter(|part| part.weight > 0).count() > 1;
    let without_rules = Definition {
        rules: Shared::default(),
        ..flag.clone()
    };
    let only = only_outcome(&without_rules).filter(|_| several)?;
    Some(format!(
        "{key} answers the same in every part of its split, as {} does",
        printable(only)
    ))
}

/// Says so when the buckets are too coarse for the share.
pub(super) fn coarse(rollout: &Rollout) -> Option<String> {
    let formula = rollout.bucketing;
    if let Some(wanted) = rollout.percentage {
        let reached = formula.reached(wanted);
        return (reached != wanted).then(|| {
            format!(
                "{formula} buckets are whole percents, so {wanted} % really reaches {reached} % of \
                 the units"
            )
        });
    }
    let exact = split::shares(&rollout.split, cutover_domain::flags::Bucketing::Xxh3);
    let reached = split::shares(&rollout.split, formula);
    (exact != reached).then(|| {
        format!(
            "{formula} buckets are whole percents, so that the parts really are {}",
            split::in_words(&rollout.split, formula, printable)
        )
    })
}
