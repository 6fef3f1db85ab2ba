use std::collections::HashSet;

use super::{Checker, Place};
use crate::flags::condition::limits;
use crate::flags::condition::number::Number;
use crate::flags::condition::version::Version;
use crate::flags::{Bound, Condition, Literal, Operator};

/// Up to so many values are compared one with another, which needs no memory.
const FEW: usize = 8;

/// Checks what a condition is made of, each part by itself. Whether nothing was found, so that its
/// sense can be looked at.
pub(super) fn check<'a>(
    checker: &mut Checker<'a>,
    condition: &'a Condition,
    place: &Place<'_>,
) -> bool {
    let before = checker.problems.0.len();
    match limits::check(condition) {
        // What follows recurses as deep as the condition.
        Err(limit) => checker.problems.add(place, limit.to_string()),
        Ok(()) => checker.condition(condition, place),
    }
    checker.problems.0.len() == before
}

impl<'a> Checker<'a> {
    fn condition(&mut self, condition: &'a Condition, place: &Place<'_>) {
        match condition {
            Condition::All(inner) => self.conditions(inner, &place.field("all")),
            Condition::Any(inner) if inner.is_empty() => self.problems.add(
                place.field("any"),
                "it never holds: it lists no condition, and at least one would have to hold",
            ),
            Condition::Any(inner) => self.conditions(inner, &place.field("any")),
            Condition::Not(inner) => self.condition(inner, &place.field("not")),
            Condition::Test {
                attribute,
                operator,
            } => {
                if attribute.is_empty() {
                    self.problems
                        .add(place.field("attribute"), "name the attribute that is asked");
                }
                self.operator(operator, &place.field(operator.word()));
            }
        }
    }

    fn conditions(&mut self, inner: &'a [Condition], place: &Place<'_>) {
        for (index, condition) in inner.iter().enumerate() {
            self.condition(condition, &place.index(index));
        }
    }

    fn operator(&mut self, operator: &'a Operator, place: &Place<'_>) {
        match operator {
            Operator::Equals(literal) => self.literal(literal, place),
            Operator::In(literals) if literals.is_empty() => self
                .problems
                .add(place, "it never holds: it lists no value"),
            Operator::In(literals) => self.literals(literals, place),
            Operator::Matches(pattern) => {
                let compiled = self.patterns.entry(pattern.as_str());
                let why = compiled.or_insert_with(|| pattern.compile().err());
                if let Some(why) = why {
                    self.problems.add(place, why.clone());
                }
            }
            Operator::LessThan(bound)
            | Operator::AtMost(bound)
            | Operator::GreaterThan(bound)
            | Operator::AtLeast(bound) => self.bound(bound, place),
            Operator::StartsWith(_)
            | Operator::EndsWith(_)
            | Operator::Contains(_)
            | Operator::Exists(_) => {}
        }
    }

    fn literal(&mut self, literal: &Literal, place: &Place<'_>) {
        if let Literal::Number(number) = literal {
            self.finite(*number, place);
        }
    }

    fn literals(&mut self, literals: &'a [Literal], place: &Place<'_>) {
        let mut seen = HashSet::new();
        for (index, literal) in literals.iter().enumerate() {
            let place = place.index(index);
            self.literal(literal, &place);
            let identity = Identity::of(literal);
            let is_new = if literals.len() <= FEW {
                let mut earlier = literals[..index].iter();
                !earlier.any(|earlier| Identity::of(earlier) == identity)
            } else {
                seen.insert(identity)
            };
            if !is_new {
                self.problems.add(place, "it is listed already");
            }
        }
    }

    fn bound(&mut self, bound: &Bound, place: &Place<'_>) {
        match bound {
            Bound::Integer(_) => {}
            Bound::Number(number) => self.finite(*number, place),
            Bound::Version(text) if Version::parse(text).is_some() => {}
            Bound::Version(text) => {
                let message = format!(
                    "{text:?} is not a version like 1.4.0; to compare numbers, write one without \
                     quotes"
                );
                self.problems.add(place, message);
            }
        }
    }

    /// Only a program can get another one in here: JSON has none.
    fn finite(&mut self, number: f64, place: &Place<'_>) {
        if !number.is_finite() {
            let message = format!("{number} cannot be stored as JSON");
            self.problems.add(place, message);
        }
    }
}

/// What makes two literals the same value.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Text(&'a str),
    Number((bool, u64)),
    Boolean(bool),
}

impl<'a> Identity<'a> {
    fn of(literal: &'a Literal) -> Self {
        match literal {
            Literal::Text(text) => Self::Text(text),
            Literal::Integer(number) => Self::Number(Number::Integer(*number).identity()),
            Literal::Number(number) => Self::Number(Number::Float(*number).identity()),
            Literal::Boolean(value) => Self::Boolean(*value),
        }
    }
}
