//! What a source says about a flag, said of a flag that is there already.

use crate::Percentage;
use crate::flags::{Definition, FlagValue, Rollout};

/// `present`, with the type, the default and the rollout that the source says. Variants are found
/// by their value, so that a flag whose variants have other names stays as it is when it answers
/// the same.
pub(super) fn answer(present: &Definition, said: &Definition) -> Definition {
    if present.kind != said.kind {
        // What names a variant of another type means nothing any more.
        return Definition {
            description: present.description.clone(),
            owner: present.owner.clone(),
            expires: present.expires,
            state: present.state,
            requires: present.requires.clone(),
            stage: present.stage,
            unknown: present.unknown.clone(),
            ..said.clone()
        };
    }
    let mut after = present.clone();
    if let Some(value) = said.variants.get(&said.default) {
        after.default = variant_of(&mut after, value, &said.default);
    }
    after.rollout = match &said.rollout {
        // A rollout to nobody says nothing either.
        None if after.percentage().is_some_and(Percentage::is_zero) => after.rollout.take(),
        None => after.rollout.take().and_then(Rollout::dormant),
        Some(rollout) => {
            let inside = said.variants.get(said.rollout_variant());
            let variant = match (rollout.percentage, inside) {
                (Some(_), Some(value)) => {
                    let name = variant_of(&mut after, value, said.rollout_variant());
                    (name != "on").then_some(name)
                }
                _ => None,
            };
            Some(Rollout {
                variant,
                ..rollout.clone()
            })
        }
    };
    after
}

/// The variant of `flag` that answers `value`; a new one, called `wanted` if that is free, where
/// there is none.
fn variant_of(flag: &mut Definition, value: &FlagValue, wanted: &str) -> String {
    if flag.variants.get(wanted) == Some(value) {
        return wanted.to_owned();
    }
    if let Some(known) = flag.variant_for(value) {
        return known.to_owned();
    }
    let name = std::iter::once(wanted.to_owned())
        .chain((2_u64..).map(|number| format!("{wanted}-{number}")))
        .find(|name| !flag.variants.contains_key(name))
        .unwrap_or_default();
    flag.variants.insert(name.clone(), value.clone());
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::flags::{Bucketing, State, ValueType};

    fn variants(pairs: &[(&str, serde_json::Value)]) -> BTreeMap<String, FlagValue> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), FlagValue(value.clone())))
            .collect()
    }

    fn at(percent: u32) -> Definition {
        Definition {
            rollout: Some(Rollout {
                percentage: Percentage::from_percent(percent),
                bucketing: Bucketing::Md5Unsalted,
                ..Rollout::default()
            }),
            ..Definition::boolean()
        }
    }

    #[test]
    fn what_the_source_has_no_words_for_stays() {
        let present = Definition {
            description: Some("d".to_owned()),
            state: State::Killed,
            requires: vec!["master".parse().unwrap()],
            overrides: [("acme".to_owned(), "on".to_owned())].into(),
            ..at(5)
        };
        let after = answer(&present, &at(25));
        assert_eq!(after.percentage(), Percentage::from_percent(25));
        assert_eq!(
            Definition {
                rollout: present.rollout.clone(),
                ..after
            },
            present
        );
    }

    #[test]
    fn a_flag_that_answers_the_same_by_other_names_is_left_alone() {
        let present = Definition {
            default: "old".to_owned(),
            off: "old".to_owned(),
            variants: variants(&[("new", true.into()), ("old", false.into())]),
            rollout: Some(Rollout {
                variant: Some("new".to_owned()),
                ..at(25).rollout.unwrap()
            }),
            ..Definition::boolean()
        };
        assert_eq!(answer(&present, &at(25)), present);
    }

    #[test]
    fn a_source_without_a_percentage_ends_a_rollout_that_reaches_somebody() {
        let said = Definition::boolean();
        assert_eq!(answer(&at(0), &said), at(0));
        let after = answer(&at(5), &said);
        assert_eq!(after.percentage(), None);
        assert_eq!(after.rollout.unwrap().bucketing, Bucketing::Md5Unsalted);
    }

    #[test]
    fn a_new_value_takes_no_name_that_answers_something_else() {
        let sized = |default: &str, pairs: &[(&str, serde_json::Value)]| Definition {
            default: default.to_owned(),
            ..Definition::with_variants(ValueType::Integer, variants(pairs), "off")
        };
        let present = sized("off", &[("off", 0.into()), ("value", 10.into())]);
        let after = answer(
            &present,
            &sized("value", &[("off", 0.into()), ("value", 20.into())]),
        );
        assert_eq!(after.default, "value-2");
        assert_eq!(after.variants["value"], FlagValue(10.into()));
        assert_eq!(after.variants["value-2"], FlagValue(20.into()));
    }

    #[test]
    fn a_flag_of_another_type_keeps_who_it_belongs_to_and_that_it_is_killed() {
        let present = Definition {
            owner: Some("ada".to_owned()),
            state: State::Killed,
            overrides: [("acme".to_owned(), "on".to_owned())].into(),
            ..at(5)
        };
        let said = Definition::with_variants(
            ValueType::String,
            variants(&[("off", "".into()), ("value", "x".into())]),
            "off",
        );
        let after = answer(&present, &said);
        assert_eq!(after.kind, ValueType::String);
        assert_eq!(after.owner.as_deref(), Some("ada"));
        assert_eq!(after.state, State::Killed);
        assert!(after.overrides.is_empty());
    }
}
