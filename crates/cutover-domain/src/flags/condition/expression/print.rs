use std::fmt::{self, Display, Formatter, Write};

use super::lexer::{continues_word, is_bare_version, starts_word};
use super::parser::is_reserved;
use crate::flags::{Bound, Condition, Literal, Operator};

impl Display for Condition {
    /// The expression that reads back as this very condition.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(inner) => joined(f, inner, "always", "all", " and "),
            Self::Any(inner) => joined(f, inner, "never", "any", " or "),
            Self::Not(inner) => match &**inner {
                Self::Test {
                    attribute,
                    operator: Operator::Equals(literal),
                } => {
                    write!(f, "{} != {}", Name(attribute), Value(literal))
                }
                Self::Test {
                    attribute,
                    operator: Operator::In(literals),
                } => {
                    write!(f, "{} not in {}", Name(attribute), Values(literals))
                }
                inner => write!(f, "not {}", Operand(inner)),
            },
            Self::Test {
                attribute,
                operator,
            } => write!(f, "{} {}", Name(attribute), Asked(operator)),
        }
    }
}

fn joined(
    f: &mut Formatter<'_>,
    inner: &[Condition],
    of_none: &str,
    of_one: &str,
    joint: &str,
) -> fmt::Result {
    match inner {
        [] => f.write_str(of_none),
        [only] => write!(f, "{of_one}({only})"),
        several => {
            for (index, condition) in several.iter().enumerate() {
                if index > 0 {
                    f.write_str(joint)?;
                }
                Operand(condition).fmt(f)?;
            }
            Ok(())
        }
    }
}

/// A condition as a part of another: in parentheses where the parts would run together.
struct Operand<'a>(&'a Condition);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Condition::All(inner) | Condition::Any(inner) if inner.len() > 1 => {
                write!(f, "({})", self.0)
            }
            other => other.fmt(f),
        }
    }
}

struct Asked<'a>(&'a Operator);

impl Display for Asked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Operator::Equals(literal) => write!(f, "== {}", Value(literal)),
            Operator::In(literals) => write!(f, "in {}", Values(literals)),
            Operator::StartsWith(text) => write!(f, "starts_with {}", Text(text)),
            Operator::EndsWith(text) => write!(f, "ends_with {}", Text(text)),
            Operator::Contains(text) => write!(f, "contains {}", Text(text)),
            Operator::Matches(pattern) => write!(f, "matches {}", Text(pattern.as_str())),
            Operator::LessThan(bound) => write!(f, "< {}", Limit(bound)),
            Operator::AtMost(bound) => write!(f, "<= {}", Limit(bound)),
            Operator::GreaterThan(bound) => write!(f, "> {}", Limit(bound)),
            Operator::AtLeast(bound) => write!(f, ">= {}", Limit(bound)),
            Operator::Exists(true) => f.write_str("exists"),
            Operator::Exists(false) => f.write_str("not exists"),
        }
    }
}

struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bare = self.0.starts_with(starts_word)
            && self.0.chars().all(continues_word)
            && !is_reserved(self.0);
        if bare {
            return f.write_str(self.0);
        }
        let quoted = serde_json::Value::from(self.0).to_string();
        let inner = quoted
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        write!(f, "`{}`", inner.unwrap_or_default().replace('`', "\\`"))
    }
}

struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        serde_json::Value::from(self.0).fmt(f)
    }
}

struct Value<'a>(&'a Literal);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Literal::Text(text) => Text(text).fmt(f),
            Literal::Integer(number) => number.fmt(f),
            Literal::Number(number) => serde_json::Value::from(*number).fmt(f),
            Literal::Boolean(value) => value.fmt(f),
        }
    }
}

struct Values<'a>(&'a [Literal]);

impl Display for Values<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (index, literal) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            Value(literal).fmt(f)?;
        }
        f.write_char(']')
    }
}

struct Limit<'a>(&'a Bound);

impl Display for Limit<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Bound::Integer(number) => number.fmt(f),
            Bound::Number(number) => serde_json::Value::from(*number).fmt(f),
            Bound::Version(text) if is_bare_version(text) => f.write_str(text),
            Bound::Version(text) => Text(text).fmt(f),
        }
    }
}
