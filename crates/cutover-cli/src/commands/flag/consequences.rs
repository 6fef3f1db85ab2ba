//! What a change does not say by itself: what stands between it and what it was made for, and
//! what else it switches off.

use cutover_domain::Percentage;
use cutover_domain::flags::{Definition, FlagDocument, FlagKey, KeyChange, Rollout, Shared, State};

use super::describe::listed;
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
        let is_killed = flag.state == State::Killed;
        // To kill it again was the wish.
        if is_killed && killed_before && before != Some(flag) {
            warnings.push(format!(
                "{key} is killed: everybody gets {} until `{}`",
                printable(&flag.off),
                command(&["flag", "restore", key.as_str()])
            ));
        }
        // Whoever makes a flag behind another one knows it; it is later that it is forgotten.
        for required in closed(document, flag).filter(|_| before.is_some() && !is_killed) {
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
        warnings.extend(meaningless(before, key, flag));
        if let Some(before) = before {
            warnings.extend(dealt_anew(key, before, flag));
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

/// Fields of which somebody may think that they do something.
fn meaningless(before: Option<&Definition>, key: &FlagKey, flag: &Definition) -> Option<String> {
    let known = before.map(|flag| flag.unknown_fields(key));
    let known = known.unwrap_or_default();
    let mut fields = flag.unknown_fields(key);
    fields.retain(|field| !known.contains(field));
    (!fields.is_empty()).then(|| {
        format!(
            "this means nothing here, and is kept as it is: {}; begin names of your own with `x-`",
            listed(&fields)
        )
    })
}

/// Says so when units come into other buckets, and how many change sides with them: with shares p and
/// q of independent buckets p(1 − q) + q(1 − p).
fn dealt_anew(key: &FlagKey, before: &Definition, after: &Definition) -> Option<String> {
    let (old, new) = (before.rollout.as_ref()?, after.rollout.as_ref()?);
    let dealt = |rollout: &Rollout| {
        let salt = rollout.salt.clone().unwrap_or_else(|| key.to_string());
        let by = rollout.by.clone();
        (salt, rollout.bucketing, by)
    };
    let decides = |rollout: &Rollout| rollout.percentage.is_some() || !rollout.split.is_empty();
    if dealt(old) == dealt(new) || !decides(old) || !decides(new) {
        return None;
    }
    let changed = match (old.percentage, new.percentage) {
        (Some(old), Some(new)) => {
            let whole = u64::from(Percentage::FULL.thousandths());
            let (p, q) = (u64::from(old.thousandths()), u64::from(new.thousandths()));
            let sides = (p * (whole - q) + q * (whole - p)) / whole;
            // Percents, rounded to the nearest.
            let percents = (sides + 500) / 1000;
            format!(", and about {percents} % of them change sides")
        }
        _ => String::new(),
    };
    Some(format!(
        "{key} deals its units anew, by another salt, formula or attribute{changed}"
    ))
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
