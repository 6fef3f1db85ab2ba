use super::Part;
use super::range::Range;
use crate::flags::condition::check::{Ask, Symbols};
use crate::flags::condition::number::Number;
use crate::flags::condition::version::Version;
use crate::flags::{Attribute, Bound, Condition, Literal, Operator};

/// How many times a value may be tried against a test for one attribute of one condition.
const MAX_TRIALS: usize = 100_000;

/// A test of one attribute, as a part of a conjunction.
pub(super) struct Test<'a> {
    pub(super) attribute: &'a str,
    operator: &'a Operator,
    wanted: bool,
    condition: &'a Condition,
}

/// All tests of one attribute.
pub(super) struct Tests<'a, 'b>(pub(super) &'b [Test<'a>]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Boolean,
}

pub(super) fn test<'a>((condition, wanted): Part<'a>) -> Option<Test<'a>> {
    let Condition::Test {
        attribute,
        operator,
    } = condition
    else {
        return None;
    };
    let attribute = match attribute.as_str() {
        "targetingKey" => "unit",
        name => name,
    };
    Some(Test {
        attribute,
        operator,
        wanted,
        condition,
    })
}

/// Whether every context has it as text, if at all.
fn is_built_in(name: &str) -> bool {
    ["unit", "targetingKey", "tenant"].contains(&name)
}

/// The attribute of a lone test, where nothing is known of its type.
pub(super) fn free_name(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Test { attribute, .. } => Some(attribute.as_str()),
        _ => None,
    }
    .filter(|name| !is_built_in(name))
}

impl Test<'_> {
    /// As it is written.
    fn shown(&self) -> String {
        if self.wanted {
            self.condition.to_string()
        } else {
            Condition::Not(Box::new(self.condition.clone())).to_string()
        }
    }

    /// Whether the attribute must be absent.
    fn wants_absence(&self) -> bool {
        *self.operator == Operator::Exists(!self.wanted)
    }

    /// Whether the attribute must be there.
    fn wants_presence(&self) -> bool {
        match self.operator {
            Operator::Exists(there) => *there == self.wanted,
            _ => self.wanted,
        }
    }

    /// What the value must be, if the test can tell.
    fn kind(&self) -> Option<Kind> {
        if !self.wanted {
            return None;
        }
        match self.operator {
            Operator::Equals(literal) => Some(kind(literal)),
            Operator::StartsWith(_) | Operator::EndsWith(_) | Operator::Matches(_) => {
                Some(Kind::Text)
            }
            Operator::LessThan(bound)
            | Operator::AtMost(bound)
            | Operator::GreaterThan(bound)
            | Operator::AtLeast(bound) => Some(match bound {
                Bound::Integer(_) | Bound::Number(_) => Kind::Number,
                Bound::Version(_) => Kind::Text,
            }),
            Operator::In(_) | Operator::Contains(_) | Operator::Exists(_) => None,
        }
    }

    /// The only values that pass, if the test lists them.
    fn values(&self) -> Option<&[Literal]> {
        match self.operator {
            Operator::Equals(literal) if self.wanted => Some(std::slice::from_ref(literal)),
            Operator::In(literals) if self.wanted => Some(literals),
            _ => None,
        }
    }
}

fn kind(literal: &Literal) -> Kind {
    match literal {
        Literal::Text(_) => Kind::Text,
        Literal::Integer(_) | Literal::Number(_) => Kind::Number,
        Literal::Boolean(_) => Kind::Boolean,
    }
}

impl<'a> Tests<'a, '_> {
    /// Why they cannot all pass.
    pub(super) fn contradiction(&self) -> Option<String> {
        let one_is_enough = self.is_built_in();
        if self.0.len() < 2 && !one_is_enough {
            return None;
        }
        self.of_presence()
            .or_else(|| self.of_kind())
            .or_else(|| self.of_values())
            .or_else(|| self.of_numbers())
            .or_else(|| self.of_versions())
            .or_else(|| self.of_ends())
    }

    fn is_built_in(&self) -> bool {
        let name = self.0.first().map(|test| test.attribute);
        name.is_some_and(is_built_in)
    }

    fn of_presence(&self) -> Option<String> {
        let absent = self.0.iter().find(|test| test.wants_absence())?;
        let present = self.0.iter().find(|test| test.wants_presence())?;
        Some(exclusive(absent, present))
    }

    fn of_kind(&self) -> Option<String> {
        let mut known = self.0.iter().filter_map(|test| Some((test, test.kind()?)));
        if self.is_built_in() {
            let (test, _) = known.find(|(_, kind)| *kind != Kind::Text)?;
            return Some(format!(
                "`{}` never holds, because {} is always text",
                test.shown(),
                test.attribute
            ));
        }
        let (first, kind) = known.next()?;
        let (other, _) = known.find(|(_, other)| *other != kind)?;
        Some(exclusive(first, other))
    }

    /// The values that one test lists, tried against all others.
    fn of_values(&self) -> Option<String> {
        let listing = self
            .0
            .iter()
            .filter_map(|test| Some((test, test.values()?)));
        let (lister, values) = listing.min_by_key(|(_, values)| values.len())?;
        let others: Vec<_> = self
            .0
            .iter()
            .filter(|test| !std::ptr::eq(*test, lister))
            .filter(|test| !matches!(test.operator, Operator::Contains(_) | Operator::Exists(_)))
            .collect();
        if values.len().saturating_mul(others.len() + 1) > MAX_TRIALS {
            return None;
        }
        let mut symbols = Symbols::default();
        let asks: Vec<_> = others
            .iter()
            .filter_map(|test| Some((Ask::compile(test.operator, &mut symbols)?, test.wanted)))
            .collect();
        let passes = |value: &Literal| {
            let attribute = attribute(value);
            (!self.is_built_in() || matches!(attribute, Attribute::Text(_)))
                && asks
                    .iter()
                    .all(|(ask, wanted)| ask.holds(Some(attribute)) == *wanted)
        };
        if values.iter().any(passes) {
            return None;
        }
        let tests = std::iter::once(lister).chain(others);
        let shown: Vec<_> = tests
            .take(3)
            .map(|test| format!("`{}`", test.shown()))
            .collect();
        let name = lister.attribute;
        Some(format!(
            "no value of {name} passes {}; a list is asked for several elements with `contains`",
            shown.join(" and ")
        ))
    }

    fn of_numbers(&self) -> Option<String> {
        let compare = |left: &Number, right: &Number| left.compare(*right);
        self.of_range(compare, |bound| match bound {
            Bound::Integer(number) => Some(Number::Integer(*number)),
            Bound::Number(number) => Some(Number::Float(*number)),
            Bound::Version(_) => None,
        })
    }

    fn of_versions(&self) -> Option<String> {
        let compare = |left: &Version<'_>, right: &Version<'_>| Some(left.cmp(right));
        self.of_range(compare, |bound| match bound {
            Bound::Version(text) => Version::parse(text),
            Bound::Integer(_) | Bound::Number(_) => None,
        })
    }

    fn of_range<T>(
        &self,
        compare: impl Fn(&T, &T) -> Option<std::cmp::Ordering>,
        read: impl Fn(&'a Bound) -> Option<T>,
    ) -> Option<String> {
        let mut range = Range::default();
        for test in self.0.iter().filter(|test| test.wanted) {
            let (bound, includes) = match test.operator {
                Operator::LessThan(bound) | Operator::GreaterThan(bound) => (bound, false),
                Operator::AtMost(bound) | Operator::AtLeast(bound) => (bound, true),
                _ => continue,
            };
            let Some(value) = read(bound) else { continue };
            let is_upper = matches!(test.operator, Operator::LessThan(_) | Operator::AtMost(_));
            range.narrow(is_upper, value, includes, test, &compare);
        }
        let (low, high) = range.contradiction(&compare)?;
        Some(exclusive(low, high))
    }

    /// Beginnings that do not begin each other, and ends alike.
    fn of_ends(&self) -> Option<String> {
        let starts = self.affixes(|operator| match operator {
            Operator::StartsWith(text) => Some(text),
            _ => None,
        });
        let ends = self.affixes(|operator| match operator {
            Operator::EndsWith(text) => Some(text),
            _ => None,
        });
        different(&starts, |long, short| long.starts_with(short))
            .or_else(|| different(&ends, |long, short| long.ends_with(short)))
    }

    fn affixes(&self, read: impl Fn(&'a Operator) -> Option<&'a String>) -> Vec<(&Test<'a>, &str)> {
        let wanted = self.0.iter().filter(|test| test.wanted);
        wanted
            .filter_map(|test| Some((test, read(test.operator)?.as_str())))
            .collect()
    }
}

/// Two texts of which neither can be the end of the other: each is compared with the longest.
fn different(affixes: &[(&Test<'_>, &str)], fits: impl Fn(&str, &str) -> bool) -> Option<String> {
    let (longest, text) = affixes.iter().max_by_key(|(_, text)| text.len())?;
    let (other, _) = affixes.iter().find(|(_, other)| !fits(text, other))?;
    Some(exclusive(longest, other))
}

fn exclusive(one: &Test<'_>, other: &Test<'_>) -> String {
    format!(
        "`{}` and `{}` exclude each other",
        one.shown(),
        other.shown()
    )
}

fn attribute(literal: &Literal) -> Attribute<'_> {
    match literal {
        Literal::Text(text) => Attribute::Text(text),
        Literal::Integer(number) => Attribute::Integer(*number),
        Literal::Number(number) => Attribute::Number(*number),
        Literal::Boolean(value) => Attribute::Boolean(*value),
    }
}
