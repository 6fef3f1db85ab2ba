//! What changes do to one definition.

use crate::flags::{
    Definition, FlagKey, FlagValue, Rollout, Rule, RuleRef, State, ValueType, Weight,
};
use crate::spelling::closest;
use crate::{Percentage, Stage};

use super::ChangeError;

/// One definition on its way to the next revision.
pub(super) struct Edit<'a> {
    pub(super) key: &'a FlagKey,
    pub(super) definition: &'a mut Definition,
}

impl Edit<'_> {
    pub(super) fn set(&mut self, value: &FlagValue) -> Result<(), ChangeError> {
        self.definition.default = self.variant_for(value)?;
        self.definition.rollout = self.definition.rollout.take().and_then(Rollout::dormant);
        Ok(())
    }

    pub(super) fn roll_out(&mut self, percentage: Percentage, variant: Option<&String>) {
        let rollout = self.definition.rollout.get_or_insert_default();
        rollout.percentage = Some(percentage);
        rollout.split.clear();
        if variant.is_some() {
            rollout.variant = variant.cloned();
        }
    }

    pub(super) fn split(&mut self, weights: &[Weight]) -> Result<(), ChangeError> {
        if weights.is_empty() {
            return Err(ChangeError::EmptySplit(self.key.clone()));
        }
        let rollout = self.definition.rollout.get_or_insert_default();
        rollout.percentage = None;
        rollout.variant = None;
        weights.clone_into(&mut rollout.split);
        Ok(())
    }

    pub(super) fn fix(
        &mut self,
        target: &str,
        variant: Option<&String>,
    ) -> Result<(), ChangeError> {
        let overrides = &mut self.definition.overrides;
        match variant {
            Some(_) if target.trim().is_empty() => {
                return Err(ChangeError::NoTarget(self.key.clone()));
            }
            Some(variant) => overrides.insert(target.to_owned(), variant.clone()),
            None => overrides.remove(target),
        };
        Ok(())
    }

    pub(super) fn roll_back(&mut self, target: &str) -> Result<(), ChangeError> {
        let off = self.definition.off.clone();
        self.fix(target, Some(&off))
    }

    pub(super) fn kill(&mut self) -> Result<(), ChangeError> {
        if self.definition.stage == Some(Stage::Complete) {
            return Err(ChangeError::OldIsStale(self.key.clone()));
        }
        self.definition.state = State::Killed;
        Ok(())
    }

    pub(super) fn put_variant(&mut self, name: &str, value: &FlagValue) {
        let variants = &mut self.definition.variants;
        variants.insert(name.to_owned(), value.clone());
    }

    pub(super) fn remove_variant(&mut self, name: &str) -> Result<(), ChangeError> {
        let variants = &self.definition.variants;
        if !variants.contains_key(name) {
            return Err(ChangeError::UnknownVariant {
                key: self.key.clone(),
                name: name.to_owned(),
                suggestion: closest(variants.keys(), name).cloned(),
                variants: self.names(),
            });
        }
        let places: Vec<_> = self
            .definition
            .answers()
            .filter(|(_, variant)| *variant == name)
            .map(|(place, _)| place)
            .collect();
        if !places.is_empty() {
            return Err(ChangeError::VariantInUse {
                key: self.key.clone(),
                name: name.to_owned(),
                places,
            });
        }
        self.definition.variants.remove(name);
        Ok(())
    }

    pub(super) fn put_rule(&mut self, at: Option<usize>, rule: &Rule) -> Result<(), ChangeError> {
        let last = self.definition.rules.len() + 1;
        let index = self.place(at.unwrap_or(last), last)?;
        self.definition.rules.insert(index, rule.clone());
        Ok(())
    }

    pub(super) fn remove_rule(&mut self, rule: &RuleRef) -> Result<(), ChangeError> {
        let index = self.rule(rule)?;
        self.definition.rules.remove(index);
        Ok(())
    }

    pub(super) fn move_rule(&mut self, rule: &RuleRef, to: usize) -> Result<(), ChangeError> {
        let from = self.rule(rule)?;
        let to = self.place(to, self.definition.rules.len())?;
        let moved = self.definition.rules.remove(from);
        self.definition.rules.insert(to, moved);
        Ok(())
    }

    pub(super) fn replace_rule(&mut self, rule: &RuleRef, with: &Rule) -> Result<(), ChangeError> {
        let index = self.rule(rule)?;
        self.definition.rules[index] = with.clone();
        Ok(())
    }

    /// The index of a place that is counted from 1.
    fn place(&self, number: usize, last: usize) -> Result<usize, ChangeError> {
        number
            .checked_sub(1)
            .filter(|index| *index < last)
            .ok_or_else(|| ChangeError::NoSuchPlace {
                key: self.key.clone(),
                number,
                last,
            })
    }

    fn rule(&self, rule: &RuleRef) -> Result<usize, ChangeError> {
        rule.find(self.definition).ok_or_else(|| {
            let rules = &self.definition.rules;
            let names = rules.iter().filter_map(|rule| rule.name.as_ref());
            let suggestion = match rule {
                RuleRef::Name(name) => closest(names, name).cloned(),
                RuleRef::Number(_) => None,
            };
            let listed: Vec<_> = (1..)
                .zip(rules)
                .map(|(number, rule)| match &rule.name {
                    Some(name) => format!("{number} {name:?}"),
                    None => number.to_string(),
                })
                .collect();
            ChangeError::UnknownRule {
                key: self.key.clone(),
                rule: rule.clone(),
                suggestion,
                rules: if listed.is_empty() {
                    "none".to_owned()
                } else {
                    listed.join(", ")
                },
            }
        })
    }

    /// The variant that answers `value`: one of that name, one of that value, or, where values are
    /// open, the variant `value`, which is made or replaced.
    fn variant_for(&mut self, value: &FlagValue) -> Result<String, ChangeError> {
        let definition = &mut *self.definition;
        if let Some(known) = definition.variant_for(value) {
            return Ok(known.to_owned());
        }
        if let Some(name) = value.0.as_str()
            && definition.variants.contains_key(name)
        {
            return Ok(name.to_owned());
        }
        if definition.kind == ValueType::Boolean || !value.is(definition.kind) {
            return Err(ChangeError::WrongValue {
                key: self.key.clone(),
                kind: definition.kind,
                value: value.to_string(),
                variants: self.names(),
            });
        }
        let name = definition.open_variant();
        definition.variants.insert(name.clone(), value.clone());
        Ok(name)
    }

    fn names(&self) -> String {
        let names: Vec<_> = self
            .definition
            .variants
            .keys()
            .map(String::as_str)
            .collect();
        names.join(", ")
    }
}

impl Definition {
    /// The name under which a value without a variant is kept: `value`, or, where something else
    /// answers with that one, `value-2` and so on.
    fn open_variant(&self) -> String {
        let answers_elsewhere = |name: &String| {
            self.answers()
                .any(|(place, variant)| variant == name && place != "default")
        };
        std::iter::once("value".to_owned())
            .chain((2_u64..).map(|number| format!("value-{number}")))
            .find(|name| !answers_elsewhere(name))
            .unwrap_or_default()
    }
}
