use std::cmp::Ordering;
use std::sync::Arc;

use regex_lite::Regex;

use super::super::number::Number;
use super::super::version::{KnownVersion, Version};
use super::super::{Bound, Literal, Operator, Pattern};
use super::Symbols;
use super::set::Set;
use crate::flags::Attribute;
use crate::flags::text::same;

/// An operator, ready to be asked about a value.
#[derive(Debug)]
pub(crate) enum Ask {
    Equals(Value),
    In(Box<Set>),
    StartsWith(Arc<str>),
    EndsWith(Arc<str>),
    Contains(Arc<str>),
    Matches(Arc<Regex>),
    Order(Order, Limit),
    Exists(bool),
}

/// A literal that shares its text.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Arc<str>),
    Number(Number),
    Boolean(bool),
}

/// Which orders of attribute and limit are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    LessThan,
    AtMost,
    GreaterThan,
    AtLeast,
}

#[derive(Debug)]
pub(crate) enum Limit {
    Number(Number),
    Version(Arc<KnownVersion>),
}

impl Ask {
    pub(crate) fn compile<'a>(operator: &'a Operator, symbols: &mut Symbols<'a>) -> Option<Self> {
        let mut order =
            |order, bound| Limit::compile(bound, symbols).map(|limit| Self::Order(order, limit));
        Some(match operator {
            Operator::LessThan(bound) => order(Order::LessThan, bound)?,
            Operator::AtMost(bound) => order(Order::AtMost, bound)?,
            Operator::GreaterThan(bound) => order(Order::GreaterThan, bound)?,
            Operator::AtLeast(bound) => order(Order::AtLeast, bound)?,
            Operator::Equals(literal) => Self::Equals(Value::compile(literal, symbols)),
            Operator::In(literals) => Self::In(Box::new(Set::compile(literals, symbols))),
            Operator::StartsWith(text) => Self::StartsWith(symbols.text(text)),
            Operator::EndsWith(text) => Self::EndsWith(symbols.text(text)),
            Operator::Contains(text) => Self::Contains(symbols.text(text)),
            Operator::Matches(pattern) => Self::Matches(symbols.pattern(pattern)?),
            Operator::Exists(there) => Self::Exists(*there),
        })
    }

    /// Whether the value of an attribute, or its absence, passes.
    #[inline]
    pub(crate) fn holds(&self, found: Option<Attribute<'_>>) -> bool {
        match found {
            None => matches!(self, Self::Exists(false)),
            Some(Attribute::List(elements)) => self.holds_for_list(elements),
            Some(value) => self.holds_for_one(value),
        }
    }

    fn holds_for_list(&self, elements: &[Attribute<'_>]) -> bool {
        match self {
            Self::Exists(there) => *there,
            Self::Contains(text) => elements.contains(&Attribute::Text(text)),
            ask => elements.iter().any(|element| ask.holds_for_one(*element)),
        }
    }

    /// The same for one value that is there; a list in a list passes nothing.
    fn holds_for_one(&self, value: Attribute<'_>) -> bool {
        match (self, value) {
            (Self::Equals(wanted), value) => wanted.equals(value),
            (Self::In(set), value) => set.contains(value),
            (Self::StartsWith(start), Attribute::Text(text)) => text.starts_with(&**start),
            (Self::EndsWith(end), Attribute::Text(text)) => text.ends_with(&**end),
            (Self::Contains(part), Attribute::Text(text)) => text.contains(&**part),
            (Self::Matches(regex), Attribute::Text(text)) => regex.is_match(text),
            (Self::Order(order, limit), value) => limit
                .compare(value)
                .is_some_and(|found| order.includes(found)),
            (Self::Exists(there), _) => *there,
            _ => false,
        }
    }

    /// The operator it was compiled from.
    pub(super) fn operator(&self) -> Operator {
        match self {
            Self::Equals(value) => Operator::Equals(value.literal()),
            Self::In(set) => Operator::In(set.values().map(Value::literal).collect()),
            Self::StartsWith(text) => Operator::StartsWith(text.to_string()),
            Self::EndsWith(text) => Operator::EndsWith(text.to_string()),
            Self::Contains(text) => Operator::Contains(text.to_string()),
            Self::Matches(regex) => Operator::Matches(Pattern::new(regex.as_str())),
            Self::Order(Order::LessThan, limit) => Operator::LessThan(limit.bound()),
            Self::Order(Order::AtMost, limit) => Operator::AtMost(limit.bound()),
            Self::Order(Order::GreaterThan, limit) => Operator::GreaterThan(limit.bound()),
            Self::Order(Order::AtLeast, limit) => Operator::AtLeast(limit.bound()),
            Self::Exists(there) => Operator::Exists(*there),
        }
    }
}

impl Value {
    pub(super) fn compile(literal: &Literal, symbols: &mut Symbols<'_>) -> Self {
        match literal {
            Literal::Text(text) => Self::Text(symbols.text(text)),
            Literal::Integer(number) => Self::Number(Number::Integer(*number)),
            Literal::Number(number) => Self::Number(Number::Float(*number)),
            Literal::Boolean(value) => Self::Boolean(*value),
        }
    }

    pub(super) fn equals(&self, attribute: Attribute<'_>) -> bool {
        match (self, attribute) {
            (Self::Text(wanted), Attribute::Text(text)) => same(wanted, text),
            (Self::Boolean(wanted), Attribute::Boolean(value)) => *wanted == value,
            (Self::Number(wanted), value) => Number::of_attribute(value)
                .and_then(|number| wanted.compare(number))
                .is_some_and(Ordering::is_eq),
            _ => false,
        }
    }

    pub(super) fn attribute(&self) -> Attribute<'_> {
        match self {
            Self::Text(text) => Attribute::Text(text),
            Self::Number(Number::Integer(number)) => Attribute::Integer(*number),
            Self::Number(Number::Float(number)) => Attribute::Number(*number),
            Self::Boolean(value) => Attribute::Boolean(*value),
        }
    }

    fn literal(&self) -> Literal {
        match self {
            Self::Text(text) => Literal::Text(text.to_string()),
            Self::Number(Number::Integer(number)) => Literal::Integer(*number),
            Self::Number(Number::Float(number)) => Literal::Number(*number),
            Self::Boolean(value) => Literal::Boolean(*value),
        }
    }
}

impl Order {
    fn includes(self, found: Ordering) -> bool {
        match self {
            Self::LessThan => found.is_lt(),
            Self::AtMost => found.is_le(),
            Self::GreaterThan => found.is_gt(),
            Self::AtLeast => found.is_ge(),
        }
    }
}

impl Limit {
    fn compile<'a>(bound: &'a Bound, symbols: &mut Symbols<'a>) -> Option<Self> {
        match bound {
            Bound::Integer(number) => Some(Self::Number(Number::Integer(*number))),
            Bound::Number(number) => Some(Self::Number(Number::Float(*number))),
            Bound::Version(text) => symbols.version(text).map(Self::Version),
        }
    }

    /// How the attribute stands to the limit; `None` when it is of another type.
    fn compare(&self, attribute: Attribute<'_>) -> Option<Ordering> {
        match (self, attribute) {
            (Self::Version(limit), Attribute::Text(text)) => {
                Some(Version::parse(text)?.cmp(&limit.version()))
            }
            (Self::Version(_), _) => None,
            (Self::Number(limit), value) => Number::of_attribute(value)?.compare(*limit),
        }
    }

    fn bound(&self) -> Bound {
        match self {
            Self::Number(Number::Integer(number)) => Bound::Integer(*number),
            Self::Number(Number::Float(number)) => Bound::Number(*number),
            Self::Version(version) => Bound::Version(version.as_str().to_owned()),
        }
    }
}
