//! What a flag has in store for those whom no override names.

use std::collections::{BTreeMap, BTreeSet};

use cutover_domain::flags::{Definition, FlagDocument, FlagKey, Rule, State, Weight};

/// The variants that somebody without an override may get while the flag is not killed: by a rule,
/// by the rollout, or by default. One may be there several times.
pub(super) fn outcomes(flag: &Definition) -> Vec<&str> {
    let mut outcomes: Vec<_> = flag.rules.iter().flat_map(served).collect();
    outcomes.extend(below_rules(flag));
    outcomes
}

/// The same for those about whom no rule is.
fn below_rules(flag: &Definition) -> Vec<&str> {
    let rollout = flag.rollout.as_ref();
    let split = rollout
        .map(|rollout| rollout.split.as_slice())
        .unwrap_or_default();
    if !split.is_empty() {
        return parts(split).collect();
    }
    match flag.percentage() {
        Some(share) if share.is_full() => vec![flag.rollout_variant()],
        Some(share) if !share.is_zero() => vec![flag.rollout_variant(), &flag.default],
        _ => vec![&flag.default],
    }
}

/// What a rule gives to those whom it is about.
pub(super) fn served(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.variant
        .as_deref()
        .into_iter()
        .chain(parts(&rule.split))
}

fn parts(split: &[Weight]) -> impl Iterator<Item = &str> {
    split
        .iter()
        .filter(|part| part.weight > 0)
        .map(|part| part.variant.as_str())
}

/// The one variant that everybody without an override gets, if it is the same for all of them.
pub(super) fn only_outcome(flag: &Definition) -> Option<&str> {
    let outcomes = outcomes(flag);
    let first = *outcomes.first()?;
    outcomes
        .iter()
        .all(|outcome| is_same(flag, first, outcome))
        .then_some(first)
}

/// Whether two variants answer the same.
pub(super) fn is_same(flag: &Definition, one: &str, other: &str) -> bool {
    let value = |variant: &str| flag.variants.get(variant);
    one == other || (value(one).is_some() && value(one) == value(other))
}

/// Whether a variant answers what the default answers.
pub(super) fn is_default(flag: &Definition, variant: &str) -> bool {
    is_same(flag, variant, &flag.default)
}

/// Whether nobody has the flag without an override.
pub(super) fn is_closed(flag: &Definition) -> bool {
    let is_off = |variant: &&str| is_same(flag, variant, &flag.off);
    flag.state == State::Killed || outcomes(flag).iter().all(is_off)
}

/// Whether nobody at all has the flag, whatever other flags answer.
pub(super) fn is_off_for_all(flag: &Definition) -> bool {
    let mut overrides = flag.overrides.values();
    flag.state == State::Killed
        || (is_closed(flag) && overrides.all(|variant| is_same(flag, variant, &flag.off)))
}

/// The required flags that nobody has without an override.
pub(super) fn closed<'a>(
    document: &'a FlagDocument,
    flag: &'a Definition,
) -> impl Iterator<Item = &'a FlagKey> {
    flag.requires
        .iter()
        .filter(|key| document.flags.get(*key).is_none_or(is_closed))
}

/// Which flags require which.
pub(super) struct Dependents<'a> {
    document: &'a FlagDocument,
    /// By the flag that they require, directly.
    of: BTreeMap<&'a FlagKey, Vec<&'a FlagKey>>,
}

impl<'a> Dependents<'a> {
    pub(super) fn within(document: &'a FlagDocument) -> Self {
        let mut of = BTreeMap::<_, Vec<_>>::new();
        for (key, flag) in &document.flags {
            for required in &flag.requires {
                of.entry(required).or_default().push(key);
            }
        }
        Self { document, of }
    }

    /// The flags that somebody had and that require this one, however indirectly.
    pub(super) fn switched_off(&self, key: &FlagKey) -> Vec<&'a str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![key];
        while let Some(key) = open.pop() {
            for dependent in self.of.get(key).into_iter().flatten().copied() {
                if reached.insert(dependent) {
                    open.push(dependent);
                }
            }
        }
        let had = |other: &&FlagKey| {
            let flag = self.document.flags.get(*other);
            *other != key && flag.is_some_and(|flag| !is_off_for_all(flag))
        };
        reached
            .into_iter()
            .filter(had)
            .map(FlagKey::as_str)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use cutover_domain::Percentage;
    use cutover_domain::flags::{Condition, Rollout};

    use super::*;

    fn rolled(percent: u32) -> Definition {
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

    fn split(parts: &[(&str, u32)]) -> Definition {
        let split = parts
            .iter()
            .map(|(variant, weight)| Weight::new(*variant, *weight))
            .collect();
        let rollout = Some(Rollout {
            split,
            ..Rollout::default()
        });
        Definition {
            rollout,
            ..Definition::boolean()
        }
    }

    fn ruled(variant: &str) -> Definition {
        let rules = vec![Rule::serving(Condition::All(Vec::new()), variant)].into();
        Definition {
            rules,
            ..Definition::boolean()
        }
    }

    #[test]
    fn who_has_a_flag_is_known_without_asking_anybody() {
        for (flag, only, closed) in [
            (Definition::boolean(), Some("off"), true),
            (rolled(0), Some("off"), true),
            (rolled(5), None, false),
            (rolled(100), Some("on"), false),
            (split(&[("on", 0), ("off", 1)]), Some("off"), true),
            (split(&[("on", 1), ("off", 1)]), None, false),
            (split(&[("on", 1)]), Some("on"), false),
            (ruled("off"), Some("off"), true),
            (ruled("on"), None, false),
            (
                Definition {
                    state: State::Killed,
                    ..rolled(5)
                },
                None,
                true,
            ),
        ] {
            assert_eq!(
                (only_outcome(&flag), is_closed(&flag)),
                (only, closed),
                "{flag:?}"
            );
        }
    }

    #[test]
    fn an_override_that_says_off_opens_nothing() {
        let with = |variant: &str| Definition {
            overrides: [("acme".to_owned(), variant.to_owned())].into(),
            ..Definition::boolean()
        };
        assert!(is_off_for_all(&with("off")));
        assert!(!is_off_for_all(&with("on")));
    }
}
