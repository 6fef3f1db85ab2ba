//! A flag in words: what it is set to, and what a change changes.

use std::collections::BTreeSet;

use cutover_domain::flags::{Definition, KeyChange, State, ValueType};

use crate::output::printable;

/// How much of a value is shown where many flags are.
const VALUE_SHOWN: usize = 40;

/// What everybody gets, in a few words: `off`, `on`, `off, 5 % on`, `killed (off)`; for a flag
/// that is no switch, the value: `20 (off), 5 % 50 (big)`.
pub(super) fn answers(definition: &Definition) -> String {
    let named = |variant: &str| {
        let text = answer(definition, variant);
        match text.char_indices().nth(VALUE_SHOWN) {
            Some((end, _)) => format!("{}… ({})", &text[..end], printable(variant)),
            None => text,
        }
    };
    if definition.state == State::Killed {
        return match definition.kind {
            ValueType::Boolean => format!("killed ({})", printable(&definition.off)),
            _ => format!("killed, {}", named(&definition.off)),
        };
    }
    let default = named(&definition.default);
    match definition.percentage() {
        Some(share) => format!(
            "{default}, {share} % {}",
            named(definition.rollout_variant())
        ),
        None => default,
    }
}

/// A variant, with its value where the name does not tell it.
fn answer(definition: &Definition, variant: &str) -> String {
    let name = printable(variant);
    match (definition.kind, definition.variants.get(variant)) {
        (ValueType::Boolean, _) | (_, None) => name,
        (_, Some(value)) => format!("{} ({name})", printable(&value.0.to_string())),
    }
}

/// What a change changes about one flag, in words, one item each: `rollout 0 % → 5 %`.
pub(super) fn differences(change: &KeyChange) -> Vec<String> {
    match (&change.before, &change.after) {
        (None, None) => vec!["not there, as before".to_owned()],
        (None, Some(after)) => vec![format!("created: {}", answers(after))],
        (Some(before), None) => vec![format!("removed (was {})", answers(before))],
        (Some(before), Some(after)) if before == after => {
            vec![format!("{}, as before", answers(after))]
        }
        (Some(before), Some(after)) => between(before, after),
    }
}

/// The change of one flag on one line.
pub(super) fn line(change: &KeyChange) -> String {
    format!("{}: {}", change.key, differences(change).join("; "))
}

fn between(before: &Definition, after: &Definition) -> Vec<String> {
    let mut items = Vec::new();
    match (before.state, after.state) {
        (State::Enabled, State::Killed) => {
            items.push(format!(
                "{} → killed: {} for everybody",
                answers(before),
                answer(after, &after.off)
            ));
        }
        (State::Killed, State::Enabled) => items.push(format!("killed → {}", answers(after))),
        _ => {}
    }
    let mut item = |name: &str, before: Option<String>, after: Option<String>| {
        if before != after {
            let text = |side: Option<String>| side.unwrap_or_else(|| "none".to_owned());
            items.push(format!("{name} {} → {}", text(before), text(after)));
        }
    };
    item(
        "default",
        Some(answer(before, &before.default)),
        Some(answer(after, &after.default)),
    );
    item(
        "off",
        Some(printable(&before.off)),
        Some(printable(&after.off)),
    );
    let names: BTreeSet<_> = before
        .variants
        .keys()
        .chain(after.variants.keys())
        .collect();
    // That of the default was told with the default.
    for name in names.into_iter().filter(|name| **name != after.default) {
        let of = |flag: &Definition| {
            let value = flag.variants.get(name)?;
            Some(printable(&value.0.to_string()))
        };
        item(
            &format!("variant {}", printable(name)),
            of(before),
            of(after),
        );
    }
    let share = |flag: &Definition| flag.percentage().map(|share| format!("{share} %"));
    item("rollout", share(before), share(after));
    if before.percentage().is_some() && after.percentage().is_some() {
        let variant = |flag: &Definition| Some(printable(flag.rollout_variant()));
        item("rollout to", variant(before), variant(after));
    }
    let mut targets: Vec<_> = before
        .overrides
        .keys()
        .chain(after.overrides.keys())
        .collect();
    targets.sort_unstable();
    targets.dedup();
    for target in targets {
        let of = |flag: &Definition| flag.overrides.get(target).map(|variant| printable(variant));
        item(
            &format!("override {}", printable(target)),
            of(before),
            of(after),
        );
    }
    let rest = rest(before, after);
    if !rest.is_empty() {
        items.push(format!("{} changed", rest.join(", ")));
    }
    items
}

/// The fields that differ and have no words of their own.
fn rest(before: &Definition, after: &Definition) -> Vec<&'static str> {
    let bucketing = |flag: &Definition| {
        let rollout = flag.rollout.clone().unwrap_or_default();
        (rollout.bucketing, rollout.by, rollout.salt, rollout.unknown)
    };
    [
        ("description", before.description != after.description),
        ("owner", before.owner != after.owner),
        ("expires", before.expires != after.expires),
        ("type", before.kind != after.kind),
        // A variant that became the default of a switch is told by its name alone.
        (
            "variants",
            before.kind == ValueType::Boolean && before.variants != after.variants,
        ),
        ("requires", before.requires != after.requires),
        ("bucketing", bucketing(before) != bucketing(after)),
        ("stage", before.stage != after.stage),
        ("other fields", before.unknown != after.unknown),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

#[cfg(test)]
mod tests {
    use cutover_domain::Percentage;
    use cutover_domain::flags::{FlagValue, Rollout};

    use super::*;

    fn at(percent: u32) -> Definition {
        let percentage = Percentage::from_percent(percent);
        let rollout = Some(Rollout {
            percentage,
            ..Rollout::default()
        });
        Definition {
            rollout,
            ..Definition::boolean()
        }
    }

    fn told(before: Option<Definition>, after: Option<Definition>) -> String {
        line(&KeyChange {
            key: "f".parse().unwrap(),
            before,
            after,
        })
    }

    fn sized(default: &str, value: i64) -> Definition {
        let variants = [("off", 20), ("value", value)]
            .map(|(name, value)| (name.to_owned(), FlagValue(value.into())));
        Definition {
            default: default.to_owned(),
            ..Definition::with_variants(ValueType::Integer, variants.into(), "off")
        }
    }

    #[test]
    fn what_is_no_switch_is_told_with_its_value() {
        for (before, after, expected) in [
            (
                sized("value", 50),
                sized("value", 60),
                "f: default 50 (value) → 60 (value)",
            ),
            (
                sized("off", 50),
                sized("off", 60),
                "f: variant value 50 → 60",
            ),
            (
                sized("off", 50),
                sized("value", 50),
                "f: default 20 (off) → 50 (value)",
            ),
        ] {
            assert_eq!(told(Some(before), Some(after)), expected);
        }
        assert_eq!(answers(&sized("value", 7)), "7 (value)");
        let long = Definition {
            variants: [("off".to_owned(), FlagValue("x".repeat(100).into()))].into(),
            ..Definition::with_variants(ValueType::String, [].into(), "off")
        };
        assert_eq!(answers(&long), format!("\"{}… (off)", "x".repeat(39)));
    }

    #[test]
    fn a_change_is_told_in_words() {
        let overridden = || {
            let overrides = [("acme".to_owned(), "on".to_owned())].into();
            Definition {
                overrides,
                owner: Some("ada".into()),
                ..at(5)
            }
        };
        let killed = || Definition {
            state: State::Killed,
            ..at(5)
        };
        for (before, after, expected) in [
            (None, Some(Definition::boolean()), "f: created: off"),
            (Some(at(5)), None, "f: removed (was off, 5 % on)"),
            (Some(at(5)), Some(at(5)), "f: off, 5 % on, as before"),
            (Some(at(0)), Some(at(5)), "f: rollout 0 % → 5 %"),
            (
                Some(Definition::boolean()),
                Some(at(5)),
                "f: rollout none → 5 %",
            ),
            (
                Some(at(5)),
                Some(killed()),
                "f: off, 5 % on → killed: off for everybody",
            ),
            (Some(killed()), Some(at(5)), "f: killed → off, 5 % on"),
            (
                Some(at(5)),
                Some(overridden()),
                "f: override acme none → on; owner changed",
            ),
        ] {
            assert_eq!(told(before, after), expected);
        }
    }
}
