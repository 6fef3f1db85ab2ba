use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::DefaultHashBuilder;

use super::{Bound, Condition, Literal, Operator};

/// Makes numbers that are the same for equal conditions, to find those among many in linear time.
#[derive(Default)]
pub(crate) struct Maker(DefaultHashBuilder);

impl Maker {
    pub(crate) fn of(&self, condition: &Condition) -> u64 {
        let mut hasher = self.0.build_hasher();
        feed(condition, &mut hasher);
        hasher.finish()
    }
}

fn feed(condition: &Condition, hasher: &mut impl Hasher) {
    match condition {
        Condition::All(inner) => feed_each(0, inner, hasher),
        Condition::Any(inner) => feed_each(1, inner, hasher),
        Condition::Not(inner) => {
            hasher.write_u8(2);
            feed(inner, hasher);
        }
        Condition::Test {
            attribute,
            operator,
        } => {
            hasher.write_u8(3);
            attribute.hash(hasher);
            feed_operator(operator, hasher);
        }
    }
}

fn feed_each(kind: u8, inner: &[Condition], hasher: &mut impl Hasher) {
    hasher.write_u8(kind);
    hasher.write_usize(inner.len());
    for condition in inner {
        feed(condition, hasher);
    }
}

fn feed_operator(operator: &Operator, hasher: &mut impl Hasher) {
    operator.word().hash(hasher);
    match operator {
        Operator::Equals(literal) => feed_literal(literal, hasher),
        Operator::In(literals) => {
            hasher.write_usize(literals.len());
            for literal in literals {
                feed_literal(literal, hasher);
            }
        }
        Operator::StartsWith(text) | Operator::EndsWith(text) | Operator::Contains(text) => {
            text.hash(hasher);
        }
        Operator::Matches(pattern) => pattern.as_str().hash(hasher),
        Operator::LessThan(bound)
        | Operator::AtMost(bound)
        | Operator::GreaterThan(bound)
        | Operator::AtLeast(bound) => match bound {
            Bound::Integer(number) => number.hash(hasher),
            Bound::Number(number) => feed_float(*number, hasher),
            Bound::Version(text) => text.hash(hasher),
        },
        Operator::Exists(there) => there.hash(hasher),
    }
}

fn feed_literal(literal: &Literal, hasher: &mut impl Hasher) {
    match literal {
        Literal::Text(text) => text.hash(hasher),
        Literal::Integer(number) => number.hash(hasher),
        Literal::Number(number) => feed_float(*number, hasher),
        Literal::Boolean(value) => value.hash(hasher),
    }
}

/// Zeros of both signs are equal.
fn feed_float(number: f64, hasher: &mut impl Hasher) {
    (number + 0.0).to_bits().hash(hasher);
}
