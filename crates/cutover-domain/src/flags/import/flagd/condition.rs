//! Conditions of flagd's targeting as conditions of rules.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::logic::{self, NEVER, constant};
use super::operand::{Arguments, Attribute, Operand, operation, truth, variable};
use super::test::{Order, Test};
use crate::flags::Condition;
use crate::flags::condition::limits;
use crate::flags::import::{Level, Notes, path};

/// How deep expressions stand in each other, references followed.
const DEEPEST: usize = 64;

/// How many expressions one flag may have, references followed each time.
const LARGEST: usize = 20_000;

/// What one flag's expressions have in common.
pub(super) struct Scope<'a> {
    /// The name by which flagd knows the flag.
    pub(super) name: &'a str,
    evaluators: &'a Map<String, Value>,
    pub(super) notes: &'a mut Notes,
    /// What was said of this flag already, and need not be said at every place.
    said: BTreeSet<String>,
    left: usize,
    shared: HashMap<&'a str, Shared>,
}

/// What an evaluator is as a condition.
enum Shared {
    /// It is being read.
    Open,
    Read(Option<Condition>),
}

/// An expression, and where it stands.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    depth: usize,
}

impl<'a> Place<'a> {
    pub(super) fn new(value: &'a Value, path: &str) -> Self {
        Self {
            value,
            path: path.to_owned(),
            depth: 0,
        }
    }

    /// One argument of the operation that stands here.
    pub(super) fn argument(&self, name: &str, arguments: Arguments<'a>, index: usize) -> Self {
        let here = path::member(&self.path, name);
        Self {
            value: &arguments.items[index],
            path: if arguments.listed {
                path::item(&here, index)
            } else {
                here
            },
            depth: self.depth + 1,
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        name: &'a str,
        evaluators: &'a Map<String, Value>,
        notes: &'a mut Notes,
    ) -> Self {
        Self {
            name,
            evaluators,
            notes,
            said: BTreeSet::new(),
            left: LARGEST,
            shared: HashMap::new(),
        }
    }

    /// Whether a rule may have this condition; noted if not.
    pub(super) fn is_within_limits(&mut self, condition: &Condition, path: &str) -> bool {
        let checked = limits::check(condition);
        if let Err(limit) = &checked {
            self.lose(path, format!("as a condition of a rule {limit}"));
        }
        checked.is_ok()
    }

    /// Notes that something has no equivalent.
    pub(super) fn lose(&mut self, path: &str, message: impl Into<String>) {
        self.notes.add(Level::Lost, path, message);
    }

    /// Warns of something once, where it is met first.
    pub(super) fn warn_once(&mut self, path: &str, message: &str) {
        if self.said.insert(message.to_owned()) {
            self.notes.add(Level::Warning, path, message);
        }
    }

    /// What stands at a place, shared evaluators followed. `None` where they lead nowhere.
    pub(super) fn resolve(&mut self, mut place: Place<'a>) -> Option<Place<'a>> {
        loop {
            if self.left == 0 || place.depth > DEEPEST {
                if self.said.insert("too large".to_owned()) {
                    let message = "the targeting is too large";
                    self.lose(&place.path, message);
                }
                return None;
            }
            self.left -= 1;
            let name = match place.value.get("$ref") {
                None => return Some(place),
                Some(name) => name.as_str(),
            };
            let Some((name, value)) = name.and_then(|name| self.evaluators.get_key_value(name))
            else {
                self.lose(
                    &place.path,
                    "there is no such evaluator; flagd answers with an error",
                );
                return None;
            };
            place = Place {
                value,
                path: path::member("$.$evaluators", name),
                depth: place.depth + 1,
            };
        }
    }

    /// The condition under which an expression counts as true. `None` where it has no equivalent,
    /// which is noted.
    pub(super) fn condition(&mut self, place: &Place<'a>) -> Option<Condition> {
        match place.value.get("$ref").and_then(Value::as_str) {
            None => self.own_condition(place),
            // An evaluator is read once, however often it is referred to.
            Some(name) => match self.shared.get(name) {
                Some(Shared::Read(known)) => known.clone(),
                Some(Shared::Open) => {
                    self.lose(
                        &place.path,
                        format!("the evaluator {name:?} refers to itself"),
                    );
                    None
                }
                None => {
                    self.shared.insert(name, Shared::Open);
                    let condition = self.own_condition(place);
                    self.shared.insert(name, Shared::Read(condition.clone()));
                    condition
                }
            },
        }
    }

    fn own_condition(&mut self, place: &Place<'a>) -> Option<Condition> {
        let place = self.resolve(place.clone())?;
        if !place.value.is_object() {
            return Some(constant(truth(place.value)));
        }
        let Some((name, arguments)) = operation(place.value) else {
            self.lose(&place.path, "an operation is an object with one field");
            return None;
        };
        let count = arguments.items.len();
        match (name, count) {
            ("and", 1..) => Some(logic::all(self.conditions(&place, name, arguments)?)),
            ("or", 1..) => Some(logic::any(self.conditions(&place, name, arguments)?)),
            ("!", 1) => {
                let inner = self.condition(&place.argument(name, arguments, 0))?;
                Some(logic::not(inner))
            }
            ("!!", 1) => self.condition(&place.argument(name, arguments, 0)),
            ("if", 1..) => self.chosen(&place, arguments),
            ("==" | "===", 2) => self.equality(&place, name, arguments),
            ("!=" | "!==", 2) => self.equality(&place, name, arguments).map(logic::not),
            ("<" | "<=", 3) => {
                let (above, low) = self.order(&place, name, arguments, 0)?;
                let (below, high) = self.order(&place, name, arguments, 1)?;
                Some(match (&low, &high) {
                    (Operand::Attribute(low), Operand::Attribute(_)) => above.and(&below).of(*low),
                    _ => logic::all([test_of(&above, low), test_of(&below, high)]),
                })
            }
            ("<" | "<=" | ">" | ">=", 2) => {
                let (test, about) = self.order(&place, name, arguments, 0)?;
                Some(test_of(&test, about))
            }
            ("in", 2) => self.membership(&place, arguments),
            ("starts_with" | "ends_with", 2) => self.ends(&place, name, arguments),
            ("sem_ver", 3) => self.version(&place, arguments),
            ("missing", 1..) => self.missing(&place, arguments),
            ("var", 1 | 2) => match self.operand(&place)? {
                Operand::Attribute(attribute) => Some(Test::truthy().of(attribute)),
                Operand::Value(value) => Some(constant(truth(&value))),
            },
            _ => {
                let here = path::member(&place.path, name);
                self.lose(
                    &here,
                    format!("rules have no `{name}` with {count} arguments"),
                );
                None
            }
        }
    }

    fn conditions(
        &mut self,
        place: &Place<'a>,
        name: &str,
        arguments: Arguments<'a>,
    ) -> Option<Vec<Condition>> {
        // All of them, so that everything that is lost is told.
        let conditions: Vec<_> = (0..arguments.items.len())
            .map(|index| self.condition(&place.argument(name, arguments, index)))
            .collect();
        conditions.into_iter().collect()
    }

    /// An `if` where a condition is asked for.
    fn chosen(&mut self, place: &Place<'a>, arguments: Arguments<'a>) -> Option<Condition> {
        let mut parts = self.conditions(place, "if", arguments)?;
        let mut otherwise = match parts.len() % 2 {
            1 => parts.pop()?,
            _ => NEVER,
        };
        while let (Some(then), Some(condition)) = (parts.pop(), parts.pop()) {
            otherwise = logic::any([
                logic::all([condition.clone(), then]),
                logic::all([logic::not(condition), otherwise]),
            ]);
            // Each of them doubles the one inside.
            if !self.is_within_limits(&otherwise, &place.path) {
                return None;
            }
        }
        Some(otherwise)
    }

    /// What stands beside an operator; `None`, and noted, where that is another operation.
    pub(super) fn operand(&mut self, place: &Place<'a>) -> Option<Operand<'a>> {
        let place = self.resolve(place.clone())?;
        if !place.value.is_object() {
            return Some(Operand::Value(Cow::Borrowed(place.value)));
        }
        let attribute = match operation(place.value) {
            Some(("var", arguments)) => variable(arguments),
            Some((name, _)) => {
                let here = path::member(&place.path, name);
                self.lose(
                    &here,
                    format!("rules compare attributes with values, not with `{name}`"),
                );
                return None;
            }
            None => None,
        };
        let Some(attribute) = attribute else {
            self.lose(&place.path, "an attribute is asked for by its name");
            return None;
        };
        match attribute.name {
            "$flagd.flagKey" => return Some(Operand::Value(Cow::Owned(self.name.into()))),
            "$flagd.timestamp" => {
                self.lose(&place.path, "rules do not know the time");
                return None;
            }
            "unit" => {
                let message = "here the attribute `unit` is the targeting key";
                self.warn_once(&place.path, message);
            }
            name if name.contains('.') => {
                let message = format!(
                    "attributes have no fields: what is {name} in flagd has to be given as an \
                     attribute of the name {name:?}"
                );
                self.warn_once(&place.path, &message);
            }
            _ => {}
        }
        Some(Operand::Attribute(attribute))
    }

    fn operands(
        &mut self,
        place: &Place<'a>,
        name: &str,
        arguments: Arguments<'a>,
        first: usize,
    ) -> Option<(Operand<'a>, Operand<'a>)> {
        let left = self.operand(&place.argument(name, arguments, first));
        let right = self.operand(&place.argument(name, arguments, first + 1));
        Some((left?, right?))
    }

    fn equality(
        &mut self,
        place: &Place<'a>,
        name: &str,
        arguments: Arguments<'a>,
    ) -> Option<Condition> {
        let (left, right) = self.operands(place, name, arguments, 0)?;
        let (about, value) = match (left, right) {
            (about, Operand::Value(value)) => (about, value),
            (Operand::Value(value), about) => (about, value),
            (Operand::Attribute(_), Operand::Attribute(_)) => {
                return self.two_attributes(place, name);
            }
        };
        let Some(test) = Test::equals(&value) else {
            self.lose(
                &place.path,
                format!("rules compare with no {}", shape(&value)),
            );
            return None;
        };
        if name.len() == 2 && is_converted(&value) {
            let message = "flagd compares after conversion (the text \"18\" equals the number \
                           18); here a text equals a text and a number a number";
            self.warn_once(&place.path, message);
        }
        Some(test_of(&test, about))
    }

    /// How two neighbouring arguments stand to each other, as a test of one of them.
    fn order(
        &mut self,
        place: &Place<'a>,
        name: &str,
        arguments: Arguments<'a>,
        first: usize,
    ) -> Option<(Test, Operand<'a>)> {
        let order = Order::read(name)?;
        let (left, right) = self.operands(place, name, arguments, first)?;
        let (order, about, value) = match (left, right) {
            (about, Operand::Value(value)) => (order, about, value),
            (Operand::Value(value), about) => (order.flipped(), about, value),
            (Operand::Attribute(_), Operand::Attribute(_)) => {
                self.two_attributes(place, name);
                return None;
            }
        };
        let Some(test) = Test::order(order, &value) else {
            let shape = shape(&value);
            self.lose(
                &place.path,
                format!("rules order numbers and versions, no {shape}"),
            );
            return None;
        };
        Some((test, about))
    }

    fn membership(&mut self, place: &Place<'a>, arguments: Arguments<'a>) -> Option<Condition> {
        let (what, whole) = self.operands(place, "in", arguments, 0)?;
        let (about, test) = match (what, whole) {
            (Operand::Value(text), about @ Operand::Attribute(_)) => {
                (about, text.as_str().map(Test::contains))
            }
            (about, Operand::Value(list)) => {
                let test = match &*list {
                    Value::Array(items) => Test::among(items),
                    // Of two values it is known, of an attribute it is not asked.
                    Value::String(whole) => match &about {
                        Operand::Value(part) => {
                            let part = part.as_str()?;
                            return Some(constant(whole.contains(part)));
                        }
                        Operand::Attribute(_) => None,
                    },
                    _ => return Some(NEVER),
                };
                (about, test)
            }
            (Operand::Attribute(_), Operand::Attribute(_)) => {
                return self.two_attributes(place, "in");
            }
        };
        match test {
            Some(test) => Some(test_of(&test, about)),
            None => {
                let message = "rules know whether an attribute is one of some values, and whether \
                               it has a text in it; this is neither";
                self.lose(&place.path, message);
                None
            }
        }
    }

    fn ends(
        &mut self,
        place: &Place<'a>,
        name: &str,
        arguments: Arguments<'a>,
    ) -> Option<Condition> {
        let (about, end) = self.operands(place, name, arguments, 0)?;
        let test = match &end {
            Operand::Value(end) => end.as_str().map(match name {
                "starts_with" => Test::starts_with,
                _ => Test::ends_with,
            }),
            Operand::Attribute(_) => None,
        };
        match test {
            Some(test) => Some(test_of(&test, about)),
            None => {
                self.lose(
                    &place.path,
                    format!("the second argument of `{name}` is a text"),
                );
                None
            }
        }
    }

    fn version(&mut self, place: &Place<'a>, arguments: Arguments<'a>) -> Option<Condition> {
        let left = self.operand(&place.argument("sem_ver", arguments, 0));
        let right = self.operand(&place.argument("sem_ver", arguments, 2));
        let operator = arguments.items[1].as_str().unwrap_or_default();
        let (about, test) = match (left?, right?) {
            (about, Operand::Value(version)) => {
                let version = version.as_str().unwrap_or_default();
                (about, Test::version(operator, version))
            }
            (Operand::Value(version), about) => {
                let version = version.as_str().unwrap_or_default();
                (about, Test::version_flipped(operator, version))
            }
            (Operand::Attribute(_), Operand::Attribute(_)) => {
                return self.two_attributes(place, "sem_ver");
            }
        };
        match test {
            Some(test) => Some(test_of(&test, about)),
            None => {
                let message = "an attribute is compared with a version like 1.4.0, by =, !=, <, \
                               <=, >, >=, ^ or ~; flagd answers this with an error";
                self.lose(&place.path, message);
                None
            }
        }
    }

    /// `missing` is a list, and true where that is not empty.
    fn missing(&mut self, place: &Place<'a>, arguments: Arguments<'a>) -> Option<Condition> {
        let names: Option<Vec<_>> = arguments.items.iter().map(Value::as_str).collect();
        let Some(names) = names else {
            self.lose(&place.path, "`missing` lists the names of attributes");
            return None;
        };
        let absent = |name| Attribute {
            name,
            default: None,
        };
        Some(logic::any(
            names
                .into_iter()
                .map(|name| Test::missing().of(absent(name))),
        ))
    }

    fn two_attributes(&mut self, place: &Place<'a>, name: &str) -> Option<Condition> {
        let here = path::member(&place.path, name);
        self.lose(
            &here,
            "rules compare an attribute with a value, not with another attribute",
        );
        None
    }
}

fn test_of(test: &Test, about: Operand<'_>) -> Condition {
    match about {
        Operand::Attribute(attribute) => test.of(attribute),
        Operand::Value(value) => constant(test.holds(&value)),
    }
}

/// Whether something of another type equals the value after conversion.
fn is_converted(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Bool(_) => true,
        Value::String(text) => text.trim().is_empty() || text.trim().parse::<f64>().is_ok(),
        _ => false,
    }
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth value",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}
