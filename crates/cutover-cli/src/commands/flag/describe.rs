//! A flag in words: what it is set to, and what a change changes.

use cutover_domain::flags::{Definition, KeyChange, State};

use crate::output::printable;

/// What everybody gets, in a few words: `off`, `on`, `off, 5 % on`, `killed (off)`.
pub(super) fn answers(definition: &Definition) -> String {
    if definition.state == State::Killed {
        return format!("killed ({})", printable(&definition.off));
    }
    let default = printable(&definition.default);
    match definition.percentage() {
        Some(share) => {
            format!(
                "{default}, {share} % {}",
                printable(definition.rollout_variant())
            )
        }
        None => default,
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
                after.off
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
        Some(printable(&before.default)),
        Some(printable(&after.default)),
    );
    item(
        "off",
        Some(printable(&before.off)),
        Some(printable(&after.off)),
    );
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
        ("variants", before.variants != after.variants),
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
    use cutover_domain::flags::Rollout;

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
