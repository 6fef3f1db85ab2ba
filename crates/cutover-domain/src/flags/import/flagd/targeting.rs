//! Targeting, an expression whose value is a variant, as rules in order.
//!
//! A branch becomes rules that decide for everybody whom it is about, so that what comes after it
//! is about the others without saying so.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::condition::{Place, Scope};
use super::fraction::Fraction;
use super::logic::{self, ALWAYS, NEVER};
use super::operand::{Arguments, Operand, operation};
use super::test::Test;
use crate::flags::condition::{fingerprint, sense};
use crate::flags::import::{Notes, path};
use crate::flags::{Condition, Definition, Operator, Rollout, Rule, Weight};

/// The rules that targeting becomes, and the split below them.
#[derive(Default)]
pub(super) struct Compiled {
    pub(super) rules: Vec<Rule>,
    pub(super) rollout: Option<Rollout>,
}

pub(super) struct Targeting<'a> {
    scope: Scope<'a>,
    definition: &'a Definition,
    compiled: Compiled,
    /// Whether nobody is left whom another rule could be about.
    is_closed: bool,
    /// The conditions that there are: another rule with the same would never be reached.
    asked: HashMap<u64, Vec<usize>>,
    fingerprint: fingerprint::Maker,
    names: BTreeSet<String>,
    /// How much the rules have together.
    written: usize,
}

/// How many tests and values the rules of one flag may have together.
const LARGEST: usize = 100_000;

/// How deep a question is looked into.
const DEEPEST: usize = 64;

/// Whom a branch is about, and what it is called.
#[derive(Clone)]
struct Guard {
    when: Condition,
    name: Option<String>,
}

impl<'a> Targeting<'a> {
    pub(super) fn new(
        name: &'a str,
        evaluators: &'a Map<String, Value>,
        definition: &'a Definition,
        notes: &'a mut Notes,
    ) -> Self {
        Self {
            scope: Scope::new(name, evaluators, notes),
            definition,
            compiled: Compiled::default(),
            is_closed: false,
            asked: HashMap::new(),
            fingerprint: fingerprint::Maker::default(),
            names: BTreeSet::new(),
            written: 0,
        }
    }

    pub(super) fn compile(mut self, targeting: &'a Value, path: &str) -> Compiled {
        // Nothing at all, and an empty object, both mean that there is no targeting.
        let is_none = targeting.is_null() || targeting.as_object().is_some_and(Map::is_empty);
        if !is_none {
            let everybody = Guard {
                when: ALWAYS,
                name: None,
            };
            self.decide(&Place::new(targeting, path), &everybody);
        }
        // What gives the default to those who are left says nothing.
        if self.compiled.rollout.is_none() {
            let default = Some(&self.definition.default);
            while self
                .compiled
                .rules
                .last()
                .is_some_and(|rule| rule.variant.as_ref() == default)
            {
                self.compiled.rules.pop();
            }
        }
        self.compiled
    }

    /// Rules for everybody under `guard` with what the expression says.
    fn decide(&mut self, place: &Place<'a>, guard: &Guard) {
        if self.is_closed {
            return;
        }
        let Some(place) = self.scope.resolve(place.clone()) else {
            return self.give_default(guard, &place.path);
        };
        match place.value {
            Value::Null => self.give_default(guard, &place.path),
            Value::String(name) => self.give(guard, name, &place.path),
            Value::Bool(value) => self.give(guard, &value.to_string(), &place.path),
            Value::Number(_) | Value::Array(_) => {
                self.scope
                    .lose(&place.path, "targeting answers with the name of a variant");
                self.give_default(guard, &place.path);
            }
            Value::Object(_) => match operation(place.value) {
                Some(("if", arguments)) => self.branches(&place, arguments, guard),
                Some(("fractional", _)) => self.divide(&place, guard),
                Some(("var", _)) => self.look_up(&place, guard),
                _ if is_question(place.value, DEEPEST) => self.ask(&place, guard),
                operation => {
                    let name = operation.map(|(name, _)| name);
                    let here = name.map_or(place.path.clone(), |it| path::member(&place.path, it));
                    let message = "rules answer with a variant or a split, and nothing computed; \
                                   everybody there gets the default";
                    self.scope.lose(&here, message);
                    self.give_default(guard, &place.path);
                }
            },
        }
    }

    fn branches(&mut self, place: &Place<'a>, arguments: Arguments<'a>, guard: &Guard) {
        let pairs = arguments.items.len() / 2;
        for pair in 0..pairs {
            if self.is_closed {
                return;
            }
            let asked = place.argument("if", arguments, 2 * pair);
            let evaluator = asked.value.get("$ref").and_then(Value::as_str);
            let then = place.argument("if", arguments, 2 * pair + 1);
            let condition = self.scope.condition(&asked);
            let is_last = condition == Some(ALWAYS);
            let within = condition
                .map(|condition| logic::all([guard.when.clone(), condition]))
                .filter(|when| self.scope.is_within_limits(when, &asked.path));
            let Some(when) = within else {
                let message = "because of its condition this branch is left out, as if it never \
                               held";
                self.scope.lose(&then.path, message);
                continue;
            };
            let name = evaluator.map(str::to_owned);
            self.decide(&then, &Guard { when, name });
            if is_last {
                return;
            }
        }
        match arguments.items.len() % 2 {
            1 => self.decide(&place.argument("if", arguments, 2 * pairs), guard),
            _ => self.give_default(guard, &place.path),
        }
    }

    /// A question where a variant is expected: `true` and `false` are the names of variants.
    fn ask(&mut self, place: &Place<'a>, guard: &Guard) {
        match self.scope.condition(place) {
            Some(condition) => {
                let within = Guard {
                    when: logic::all([guard.when.clone(), condition]),
                    name: None,
                };
                self.give(&within, "true", &place.path);
                self.give(guard, "false", &place.path);
            }
            None => self.give_default(guard, &place.path),
        }
    }

    /// An attribute that is the name of a variant.
    fn look_up(&mut self, place: &Place<'a>, guard: &Guard) {
        let attribute = match self.scope.operand(place) {
            Some(Operand::Attribute(attribute)) => attribute,
            Some(Operand::Value(value)) => {
                let name = value.as_str().unwrap_or_default().to_owned();
                return self.give(guard, &name, &place.path);
            }
            None => return self.give_default(guard, &place.path),
        };
        for name in self.definition.variants.keys() {
            let Some(test) = Test::equals(&name.as_str().into()) else {
                continue;
            };
            let within = Guard {
                when: logic::all([guard.when.clone(), test.of(attribute)]),
                name: None,
            };
            self.give(&within, name, &place.path);
        }
        let message = "what names no variant is an error in flagd; here it is the default";
        self.scope.warn_once(&place.path, message);
        self.give_default(guard, &place.path);
    }

    fn divide(&mut self, place: &Place<'a>, guard: &Guard) {
        let Some(fraction) = Fraction::read(&mut self.scope, place) else {
            return self.give_default(guard, &place.path);
        };
        if let Some(only) = fraction.only() {
            let named = self.who_is_named(&fraction, guard);
            match only {
                Some(name) => self.give(&named, name, &place.path),
                None => self.give_default(&named, &place.path),
            }
            return self.give_default(guard, &place.path);
        }
        let mut split = Vec::<Weight>::new();
        for (variant, weight) in &fraction.parts {
            let name = variant.as_ref().unwrap_or(&self.definition.default);
            if !self.definition.variants.contains_key(name) {
                self.scope
                    .lose(&place.path, format!("there is no variant {name:?}"));
                return self.give_default(guard, &place.path);
            }
            match split.iter_mut().find(|part| part.variant == *name) {
                Some(part) => part.weight = part.weight.saturating_add(*weight),
                None => split.push(Weight::new(name.as_str(), *weight)),
            }
        }
        let here = path::member(&place.path, "fractional");
        let message = "the shares stay, who is in which does not: flagd divides by murmur3, here it \
                       is xxh3";
        self.scope.lose(&here, message);
        if guard.when == ALWAYS && fraction.by.is_none() {
            self.is_closed = true;
            self.compiled.rollout = Some(Rollout {
                split,
                salt: fraction.salt,
                ..Rollout::default()
            });
            return;
        }
        let named = self.who_is_named(&fraction, guard);
        let rule = Rule {
            by: fraction.by,
            salt: fraction.salt,
            name: self.free(named.name),
            ..Rule::splitting(named.when, split)
        };
        self.push(rule, &place.path);
        self.give_default(guard, &place.path);
    }

    /// Those of the guard who have what is divided by; the others get the default in flagd.
    fn who_is_named(&self, fraction: &Fraction, guard: &Guard) -> Guard {
        let when = match &fraction.by {
            None => guard.when.clone(),
            Some(by) => {
                let is_there = Condition::test(by.as_str(), Operator::Exists(true));
                logic::all([guard.when.clone(), is_there])
            }
        };
        Guard {
            when,
            name: guard.name.clone(),
        }
    }

    fn give(&mut self, guard: &Guard, name: &str, path: &str) {
        if self.definition.variants.contains_key(name) {
            let rule = Rule {
                name: self.free(guard.name.clone()),
                ..Rule::serving(guard.when.clone(), name)
            };
            self.push(rule, path);
        } else if !self.is_closed && guard.when != NEVER {
            let message = format!(
                "there is no variant {name:?}, which is an error in flagd; here it is the default"
            );
            self.scope.lose(path, message);
            self.give_default(guard, path);
        }
    }

    fn give_default(&mut self, guard: &Guard, path: &str) {
        let rule = Rule::serving(guard.when.clone(), self.definition.default.as_str());
        self.push(rule, path);
    }

    /// The name, if it can be one, and no other rule has it.
    fn free(&self, name: Option<String>) -> Option<String> {
        name.filter(|name| {
            let is_short = !name.is_empty() && name.len() <= 128;
            let is_word = !name.chars().any(char::is_control) && name.parse::<u64>().is_err();
            is_short && is_word && !self.names.contains(name)
        })
    }

    /// Adds a rule that can be reached.
    fn push(&mut self, rule: Rule, path: &str) {
        if self.is_closed || rule.when == NEVER {
            return;
        }
        if !self.scope.is_within_limits(&rule.when, path) {
            return;
        }
        self.written += size(&rule.when);
        if self.written > LARGEST {
            self.is_closed = true;
            let message = "from here on there is too much of it: everybody gets the default";
            return self.scope.lose(path, message);
        }
        if sense::never(&rule.when).is_some() {
            return;
        }
        let made = self.fingerprint.of(&rule.when);
        let rules = &self.compiled.rules;
        let places = self.asked.entry(made).or_default();
        if places.iter().any(|place| rules[*place].when == rule.when) {
            return;
        }
        places.push(rules.len());
        self.is_closed = sense::always(&rule.when);
        self.names.extend(rule.name.clone());
        self.compiled.rules.push(rule);
    }
}

/// How many tests and values a condition has. It is within the limits of depth.
fn size(condition: &Condition) -> usize {
    match condition {
        Condition::All(inner) | Condition::Any(inner) => 1 + inner.iter().map(size).sum::<usize>(),
        Condition::Not(inner) => 1 + size(inner),
        Condition::Test {
            operator: Operator::In(literals),
            ..
        } => 1 + literals.len(),
        Condition::Test { .. } => 1,
    }
}

/// Whether an expression answers with `true` or `false`, and nothing else.
fn is_question(value: &Value, deep: usize) -> bool {
    const QUESTIONS: [&str; 14] = [
        "==",
        "===",
        "!=",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "!",
        "!!",
        "in",
        "starts_with",
        "ends_with",
        "sem_ver",
    ];
    match operation(value) {
        Some(("and" | "or", arguments)) => {
            let mut parts = arguments.items.iter();
            deep > 0 && parts.all(|part| is_question(part, deep - 1))
        }
        Some((name, _)) => QUESTIONS.contains(&name),
        None => value.is_boolean(),
    }
}
