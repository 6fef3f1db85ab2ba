//! A flag in words: what it is set to, and what a change changes.

use std::collections::BTreeSet;

use cutover_domain::flags::{Definition, FlagKey, KeyChange, State, ValueType};

use super::{rule_words, split};
use crate::output::printable;

/// How much of a value is shown where many flags are.
const VALUE_SHOWN: usize = 40;

/// How much of a text is shown of a change: enough to know it again. `--format json` shows all.
const TEXT_SHOWN: usize = 200;

/// How many of many names are told.
const NAMES_TOLD: usize = 10;

/// How many overrides that differ are told one by one.
const OVERRIDES_TOLD: usize = 20;

/// What everybody gets, in a few words: `off`, `on`, `off, 5 % on`, `10 % on, 90 % off`,
/// `killed (off)`; for a flag that is no switch, the value: `20 (off), 5 % 50 (big)`. What comes
/// first stands first: `1 override, else off`; `3 overrides, 2 rules, else off`.
pub(super) fn answers(definition: &Definition) -> String {
    if definition.state == State::Killed {
        return match definition.kind {
            ValueType::Boolean => format!("killed ({})", printable(&definition.off)),
            _ => format!("killed, {}", short(definition, &definition.off)),
        };
    }
    let others = below_rules(definition);
    let first = [
        (definition.overrides.len(), "override"),
        (definition.rules.len(), "rule"),
    ];
    let first = first.map(|(count, what)| match count {
        0 => String::new(),
        1 => format!("1 {what}, "),
        many => format!("{many} {what}s, "),
    });
    match first.concat() {
        none if none.is_empty() => others,
        some => format!("{some}else {others}"),
    }
}

/// What a killed flag answers once it is restored.
pub(super) fn restored(definition: &Definition) -> Option<String> {
    (definition.state == State::Killed).then(|| {
        answers(&Definition {
            state: State::Enabled,
            ..definition.clone()
        })
    })
}

/// What those get whom no rule is about.
pub(super) fn below_rules(definition: &Definition) -> String {
    let named = |variant: &str| short(definition, variant);
    let default = named(&definition.default);
    let Some(rollout) = &definition.rollout else {
        return default;
    };
    match rollout.percentage {
        Some(share) => format!(
            "{default}, {share} % {}",
            named(definition.rollout_variant())
        ),
        None if rollout.split.is_empty() => default,
        None => split::in_words(&rollout.split, rollout.bucketing, named),
    }
}

/// A variant as [`answer`] tells it, its value cut where it is long.
fn short(definition: &Definition, variant: &str) -> String {
    let text = answer(definition, variant);
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}… ({})", &text[..end], printable(variant)),
        None => text,
    }
}

/// The beginning of a text that may be very long.
pub(super) fn beginning(text: String) -> String {
    match text.char_indices().nth(TEXT_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first of many names, and how many more there are.
pub(in crate::commands) fn listed(names: &[String]) -> String {
    let mut told: Vec<_> = names
        .iter()
        .take(NAMES_TOLD)
        .map(|name| beginning(printable(name)))
        .collect();
    if names.len() > told.len() {
        told.push(format!("and {} more", names.len() - told.len()));
    }
    told.join(", ")
}

/// A variant, with its value where the name does not tell it.
pub(super) fn answer(definition: &Definition, variant: &str) -> String {
    let name = printable(variant);
    let Some(value) = definition.variants.get(variant) else {
        return name;
    };
    match (variant, value.as_bool()) {
        ("on", Some(true)) | ("off", Some(false)) => name,
        _ => format!("{} ({name})", printable(&value.0.to_string())),
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
            let text = |side: Option<String>| side.map_or("none".to_owned(), beginning);
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
    // That of the default was told with the default, where its value is.
    let told = |name: &String| after.kind != ValueType::Boolean && *name == after.default;
    for name in names.into_iter().filter(|name| !told(name)) {
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
    item("rollout", rollout(before), rollout(after));
    if before.percentage().is_some() && after.percentage().is_some() {
        let variant = |flag: &Definition| Some(printable(flag.rollout_variant()));
        item("rollout to", variant(before), variant(after));
    }
    items.extend(rule_words::differences(before, after, answer));
    items.extend(overrides(before, after));
    items.extend(of_people(before, after));
    if items.is_empty() {
        items.push("changed in what is not told here".to_owned());
    }
    items
}

/// What those get whom no rule is about, where it is not the default.
fn rollout(flag: &Definition) -> Option<String> {
    let rollout = flag.rollout.as_ref()?;
    match rollout.percentage {
        Some(share) => Some(format!("{share} %")),
        None if rollout.split.is_empty() => None,
        None => Some(split::in_words(
            &rollout.split,
            rollout.bucketing,
            |variant| answer(flag, variant),
        )),
    }
}

/// The overrides that differ, an item each.
fn overrides(before: &Definition, after: &Definition) -> Vec<String> {
    let targets: BTreeSet<_> = before
        .overrides
        .keys()
        .chain(after.overrides.keys())
        .collect();
    let differing: Vec<_> = targets
        .into_iter()
        .map(|target| {
            (
                target,
                before.overrides.get(target),
                after.overrides.get(target),
            )
        })
        .filter(|(_, before, after)| before != after)
        .collect();
    let text = |side: Option<&String>| side.map_or("none".to_owned(), |variant| printable(variant));
    let told = differing.iter().take(OVERRIDES_TOLD);
    let mut items: Vec<_> = told
        .map(|(target, before, after)| {
            format!(
                "override {} {} → {}",
                beginning(printable(target)),
                text(*before),
                text(*after)
            )
        })
        .collect();
    let more = differing.len().saturating_sub(OVERRIDES_TOLD);
    if more > 0 {
        items.push(format!("and {more} more overrides"));
    }
    items
}

/// What differs of that which is there for people, and of how units are counted.
fn of_people(before: &Definition, after: &Definition) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = |name: &str, of: &dyn Fn(&Definition) -> Option<String>| {
        let (before, after) = (of(before), of(after));
        if before != after {
            let text = |side: Option<String>| side.map_or("none".to_owned(), beginning);
            items.push(format!("{name} {} → {}", text(before), text(after)));
        }
    };
    let rollout = |flag: &Definition| flag.rollout.clone().unwrap_or_default();
    item("requires", &|flag| {
        let keys: Vec<_> = flag.requires.iter().map(FlagKey::as_str).collect();
        (!keys.is_empty()).then(|| keys.join(", "))
    });
    item("stage", &|flag| flag.stage.map(|stage| stage.to_string()));
    item("type", &|flag| Some(flag.kind.to_string()));
    item("bucketing", &|flag| {
        Some(rollout(flag).bucketing.to_string())
    });
    item("by", &|flag| {
        Some(printable(rollout(flag).by.as_deref().unwrap_or("unit")))
    });
    item("salt", &|flag| {
        Some(printable(
            rollout(flag).salt.as_deref().unwrap_or("the key"),
        ))
    });
    item("owner", &|flag| flag.owner.as_deref().map(printable));
    item("expires", &|flag| flag.expires.map(|date| date.to_string()));
    item("description", &|flag| {
        let text = flag.description.as_deref()?;
        Some(format!(
            "\"{}\"",
            printable(&text.chars().take(VALUE_SHOWN).collect::<String>())
        ))
    });
    let other = |flag: &Definition| (flag.unknown.clone(), rollout(flag).unknown);
    if other(before) != other(after) {
        items.push("other fields changed".to_owned());
    }
    // What is told by its first letters, or by its name, may differ in the rest.
    if items.is_empty() && before.description != after.description {
        items.push("description changed".to_owned());
    }
    items
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
    fn a_switch_whose_names_do_not_tell_its_values_is_told_with_them() {
        let switch = |variants: [(&str, bool); 2], default: &str| {
            let variants = variants.map(|(name, value)| (name.to_owned(), FlagValue(value.into())));
            let off = variants
                .iter()
                .find(|(_, value)| value.as_bool() == Some(false));
            let off = off.unwrap().0.clone();
            Definition {
                default: default.to_owned(),
                ..Definition::with_variants(ValueType::Boolean, variants.into(), &off)
            }
        };
        let sides = switch([("new", true), ("old", false)], "old");
        assert_eq!(answers(&sides), "false (old)");
        let inside_out = switch([("on", false), ("off", true)], "on");
        assert_eq!(answers(&inside_out), "false (on)");
        assert_eq!(answers(&switch([("on", true), ("off", false)], "on")), "on");
    }

    #[test]
    fn of_a_text_without_end_the_beginning_is_told() {
        let owned = |owner: &str| Definition {
            owner: Some(owner.to_owned()),
            overrides: [("u".repeat(1000), "on".to_owned())].into(),
            ..Definition::boolean()
        };
        let line = told(Some(Definition::boolean()), Some(owned(&"o".repeat(1000))));
        let (owner, unit) = ("o".repeat(200), "u".repeat(200));
        let expected = format!("f: override {unit}… none → on; owner none → {owner}…");
        assert_eq!(line, expected);
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
                "f: override acme none → on; owner none → ada",
            ),
        ] {
            assert_eq!(told(before, after), expected);
        }
    }
}
