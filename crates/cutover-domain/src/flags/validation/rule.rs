use std::collections::{BTreeSet, HashMap};

use super::condition;
use super::{Checker, Fields, Place};
use crate::flags::condition::{fingerprint, sense};
use crate::flags::{Condition, Definition, Rule, RuleRef, Weight};

/// The fields of a rule.
pub(super) const RULE_FIELDS: [&str; 7] = [
    "name",
    "when",
    "variant",
    "split",
    "by",
    "bucketing",
    "salt",
];

/// The fields of a part of a split.
pub(super) const WEIGHT_FIELDS: [&str; 2] = ["variant", "weight"];

/// What the rules above say about those below them.
#[derive(Default)]
struct Above<'a> {
    /// The first that matches always, counted from 1.
    catch_all: Option<usize>,
    /// Every condition by its fingerprint, and the rule that asks it first.
    asked: HashMap<u64, (usize, &'a Condition)>,
    names: HashMap<&'a str, usize>,
}

impl<'a> Checker<'a> {
    pub(super) fn rules(&mut self, definition: &'a Definition, place: &Place<'_>) {
        let place = place.field("rules");
        let mut above = Above::default();
        let fingerprint = fingerprint::Maker::default();
        for (index, rule) in definition.rules.iter().enumerate() {
            let number = index + 1;
            let place = place.index(index);
            self.name(rule, number, &mut above, &place);
            self.outcome(rule, definition, &place);
            Fields::RULE.check(rule.unknown.keys(), &place, &mut self.problems);
            let well_formed = condition::check(self, &rule.when, &place.field("when"));
            if !well_formed {
                continue;
            }
            self.sense(rule, number, &fingerprint, &mut above, &place);
        }
    }

    fn name(&mut self, rule: &'a Rule, number: usize, above: &mut Above<'a>, place: &Place<'_>) {
        let Some(name) = rule.name.as_deref() else {
            return;
        };
        let place = place.field("name");
        if !super::is_printable_name(name) {
            self.problems
                .add(place, "a rule's name has 1 to 128 printable characters");
        } else if let Ok(RuleRef::Number(_)) = name.parse() {
            self.problems.add(
                place,
                "a rule's name is no number: numbers count the rules from 1",
            );
        }
        if let Some(first) = above.names.insert(name, number) {
            let message = format!("rule {first} has the name {name:?} already");
            self.problems.add(place, message);
        }
    }

    /// What those get whom it is about.
    fn outcome(&mut self, rule: &Rule, definition: &Definition, place: &Place<'_>) {
        match (&rule.variant, &rule.split[..]) {
            (None, []) => self.problems.add(
                place,
                "a rule answers with a `variant` or with a `split`; this one has neither",
            ),
            (Some(_), [_, ..]) => self.problems.add(
                place,
                "a rule answers with a `variant` or with a `split`; this one has both",
            ),
            _ => {}
        }
        if let Some(variant) = &rule.variant {
            self.refer(variant, definition, &place.field("variant"));
        }
        self.split(&rule.split, definition, place);
        self.by(rule.by.as_deref(), place);
    }

    pub(super) fn split(&mut self, weights: &[Weight], definition: &Definition, place: &Place<'_>) {
        let place = place.field("split");
        let mut seen = BTreeSet::new();
        for (index, weight) in weights.iter().enumerate() {
            let place = place.index(index);
            self.refer(&weight.variant, definition, &place.field("variant"));
            if !seen.insert(&weight.variant) {
                self.problems.add(
                    place.field("variant"),
                    format!(
                        "{:?} has a weight already; one variant has one weight",
                        weight.variant
                    ),
                );
            }
            Fields::WEIGHT.check(weight.unknown.keys(), &place, &mut self.problems);
        }
        if !weights.is_empty() && weights.iter().all(|weight| weight.weight == 0) {
            self.problems
                .add(place, "the weights are all 0, so that nobody gets anything");
        }
    }

    pub(super) fn by(&mut self, by: Option<&str>, place: &Place<'_>) {
        if by == Some("") {
            self.problems.add(
                place.field("by"),
                "name the context attribute that is bucketed",
            );
        }
    }

    /// Whether the rule can ever decide.
    fn sense(
        &mut self,
        rule: &'a Rule,
        number: usize,
        fingerprint: &fingerprint::Maker,
        above: &mut Above<'a>,
        place: &Place<'_>,
    ) {
        if let Some(catch_all) = above.catch_all {
            let message =
                format!("it is never reached: rule {catch_all} before it matches everybody");
            self.problems.add(place, message);
            return;
        }
        if let Some(why) = sense::never(&rule.when) {
            let message = format!("it never matches: {why}");
            self.problems.add(place.field("when"), message);
            return;
        }
        let made = fingerprint.of(&rule.when);
        match above.asked.get(&made) {
            Some((first, condition)) if **condition == rule.when => {
                let message =
                    format!("it is never reached: rule {first} before it has the same condition");
                self.problems.add(place.field("when"), message);
            }
            Some(_) => {}
            None => {
                above.asked.insert(made, (number, &rule.when));
            }
        }
        if sense::always(&rule.when) {
            above.catch_all = Some(number);
        }
    }
}
