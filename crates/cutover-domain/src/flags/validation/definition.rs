use std::collections::BTreeMap;

use super::{Checker, Fields, Place};
use crate::flags::{Definition, FlagKey, FlagValue, Rollout, ValueType};

/// The fields of a definition.
pub(in crate::flags) const FIELDS: [&str; 13] = [
    "description",
    "owner",
    "expires",
    "type",
    "variants",
    "state",
    "off",
    "requires",
    "overrides",
    "rules",
    "rollout",
    "default",
    "stage",
];

/// The fields of a rollout.
pub(super) const ROLLOUT_FIELDS: [&str; 6] =
    ["percentage", "variant", "split", "by", "bucketing", "salt"];

/// JSON readers stop at 128 levels, and a value stands some levels down in documents and records.
pub(in crate::flags) const MAX_DEPTH: usize = 64;

impl<'a> Checker<'a> {
    pub(super) fn definition(
        &mut self,
        key: &FlagKey,
        definition: &'a Definition,
        flags: &BTreeMap<FlagKey, Definition>,
    ) {
        let all = Place::ROOT.field("flags");
        let place = all.key(key.as_str());
        self.variants(definition, &place.field("variants"));
        self.refer(&definition.default, definition, &place.field("default"));
        self.off(definition, &place.field("off"));
        let overrides = place.field("overrides");
        for (target, variant) in &definition.overrides {
            self.refer(variant, definition, &overrides.key(target));
        }
        self.rules(definition, &place);
        if let Some(rollout) = &definition.rollout {
            self.rollout(rollout, definition, &place.field("rollout"));
        }
        let requires = place.field("requires");
        for (index, required) in definition.requires.iter().enumerate() {
            let place = requires.index(index);
            match flags.get(required) {
                None if self.unread.contains(required) => {}
                None => self
                    .problems
                    .add(place, format!("there is no flag {required}")),
                Some(other) if other.kind != ValueType::Boolean => self
                    .problems
                    .add(place, format!("{required} is not a boolean flag")),
                Some(_) => {}
            }
        }
        Fields::FLAG.check(definition.unknown.keys(), &place, &mut self.problems);
    }

    fn variants(&mut self, definition: &Definition, place: &Place<'_>) {
        if definition.variants.is_empty() {
            self.problems
                .add(place, "a flag needs at least one variant");
        }
        for (name, value) in &definition.variants {
            let place = place.key(name);
            if !super::is_printable_name(name) {
                self.problems
                    .add(place, "a variant's name has 1 to 128 printable characters");
            }
            if !value.is(definition.kind) {
                let message = format!("{value} is not of the flag's type {}", definition.kind);
                self.problems.add(place, message);
            }
            if !value.is_nested_within(MAX_DEPTH) {
                let message = format!(
                    "it is nested deeper than {MAX_DEPTH} levels, too deep to be read back"
                );
                self.problems.add(place, message);
            }
        }
    }

    fn off(&mut self, definition: &Definition, place: &Place<'_>) {
        self.refer(&definition.off, definition, place);
        let off = definition.variants.get(&definition.off);
        if definition.kind == ValueType::Boolean && off.and_then(FlagValue::as_bool) == Some(true) {
            self.problems
                .add(place, "a boolean flag is false when it is off");
        }
    }

    fn rollout(&mut self, rollout: &'a Rollout, definition: &'a Definition, place: &Place<'_>) {
        if rollout.percentage.is_some() {
            let variant = definition.rollout_variant();
            self.refer(variant, definition, &place.field("variant"));
        }
        if rollout.percentage.is_some() && !rollout.split.is_empty() {
            self.problems.add(
                place,
                "a rollout has a `percentage` or a `split`; this one has both",
            );
        } else if rollout.variant.is_some() && !rollout.split.is_empty() {
            self.problems.add(
                place.field("variant"),
                "a split names its variants itself; `variant` goes with a percentage",
            );
        }
        self.split(&rollout.split, definition, place);
        self.by(rollout.by.as_deref(), place);
        Fields::ROLLOUT.check(rollout.unknown.keys(), place, &mut self.problems);
    }

    /// A variant that something answers with is there.
    pub(super) fn refer(&mut self, variant: &str, definition: &Definition, place: &Place<'_>) {
        if !definition.variants.contains_key(variant) {
            let names: Vec<_> = definition.variants.keys().map(String::as_str).collect();
            let message = format!(
                "there is no variant {variant:?}; the flag has: {}",
                names.join(", ")
            );
            self.problems.add(place, message);
        }
    }
}
