use std::collections::BTreeMap;

use cutover_domain::flags::{Change, Condition, Definition, FlagKey, Operator, Rule, Weight};
use proptest::option;
use proptest::prelude::*;

use super::any_text;
use super::definition::any_percentage;

/// A change that makes sense for one of these flags, of which there must be one.
///
/// # Panics
///
/// There are no flags.
pub fn any_change_to(
    flags: &BTreeMap<FlagKey, Definition>,
) -> impl Strategy<Value = Change> + use<> {
    let flags: Vec<_> = flags.clone().into_iter().collect();
    proptest::sample::select(flags).prop_flat_map(|(key, definition)| {
        let variants: Vec<_> = definition.variants.keys().cloned().collect();
        let values: Vec<_> = definition.variants.values().cloned().collect();
        let variant = proptest::sample::select(variants);
        let of = move || Just(key.clone());
        // Of an attribute that no other rule asks about, so that it can match and hides none.
        let rule = (any::<u64>(), variant.clone()).prop_map(|(number, variant)| {
            let when = Condition::test(format!("attribute-{number}"), Operator::Exists(true));
            Box::new(Rule::serving(when, variant).named(format!("rule-{number}")))
        });
        prop_oneof![
            of().prop_map(|key| Change::ForceKill { key }),
            of().prop_map(|key| Change::Restore { key }),
            (of(), any_name()).prop_map(|(key, target)| Change::Rollback {
                target,
                keys: vec![key],
            }),
            (of(), rule).prop_map(|(key, rule)| Change::PutRule {
                key,
                at: Some(1),
                rule,
            }),
            (of(), any::<u64>(), proptest::sample::select(values.clone())).prop_map(
                |(key, number, value)| Change::PutVariant {
                    key,
                    name: format!("variant-{number}"),
                    value,
                }
            ),
            (of(), variant.clone(), 1..=u32::MAX).prop_map(|(key, variant, weight)| {
                Change::Split {
                    key,
                    weights: vec![Weight::new(variant, weight)],
                }
            }),
            (of(), proptest::sample::select(values))
                .prop_map(|(key, value)| Change::Set { key, value }),
            (of(), any_percentage(), variant.clone()).prop_map(|(key, percentage, variant)| {
                Change::Rollout {
                    key,
                    percentage,
                    variant: Some(variant),
                }
            }),
            (of(), any_name(), option::of(variant)).prop_map(|(key, target, variant)| {
                Change::Override {
                    key,
                    target,
                    variant,
                }
            }),
        ]
    })
}

/// A text that names somebody: one of blanks alone is refused.
fn any_name() -> impl Strategy<Value = String> {
    any_text().prop_filter("somebody is named", |text| !text.trim().is_empty())
}
