//! Conditions, compiled: nothing is parsed, allocated or recursed without bound when they are asked.

mod ask;
mod set;
mod symbols;
mod why;

use std::sync::Arc;

pub(crate) use self::ask::Ask;
pub(crate) use self::symbols::Symbols;
use super::Condition;
use super::limits::MAX_DEPTH;
use crate::flags::{Attribute, Context};

/// A condition, ready to be asked.
#[derive(Debug)]
pub(crate) enum Check {
    All(Box<[Check]>),
    Any(Box<[Check]>),
    Not(Box<Check>),
    Test(Subject, Ask),
}

/// Which part of a context is asked.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Unit,
    Tenant,
    Named(Arc<str>),
}

impl Check {
    /// `None` when it nests too deeply, or a pattern or version in it is none: such a condition is
    /// refused by validation.
    pub(crate) fn compile<'a>(condition: &'a Condition, symbols: &mut Symbols<'a>) -> Option<Self> {
        Self::compile_at(condition, symbols, 1)
    }

    fn compile_at<'a>(
        condition: &'a Condition,
        symbols: &mut Symbols<'a>,
        depth: usize,
    ) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut compile_each = |inner: &'a [Condition]| {
            // Collecting into an `Option` would not know the length.
            let mut checks = Vec::with_capacity(inner.len());
            for inner in inner {
                checks.push(Self::compile_at(inner, symbols, depth + 1)?);
            }
            Some(checks.into())
        };
        Some(match condition {
            Condition::All(inner) => Self::All(compile_each(inner)?),
            Condition::Any(inner) => Self::Any(compile_each(inner)?),
            Condition::Not(inner) => {
                Self::Not(Box::new(Self::compile_at(inner, symbols, depth + 1)?))
            }
            Condition::Test {
                attribute,
                operator,
            } => Self::Test(
                Subject::compile(attribute, symbols),
                Ask::compile(operator, symbols)?,
            ),
        })
    }

    /// Whether the condition holds. Allocates nothing; recurses as deep as it is nested.
    #[inline]
    pub(crate) fn holds(&self, context: &Context<'_>) -> bool {
        match self {
            // Most rules are one test, which is asked in place.
            Self::Test(subject, ask) => ask.holds(subject.find(context)),
            nested => nested.holds_nested(context),
        }
    }

    fn holds_nested(&self, context: &Context<'_>) -> bool {
        match self {
            Self::All(inner) => inner.iter().all(|check| check.holds(context)),
            Self::Any(inner) => inner.iter().any(|check| check.holds(context)),
            Self::Not(inner) => !inner.holds(context),
            Self::Test(..) => self.holds(context),
        }
    }
}

impl Subject {
    pub(crate) fn compile(name: &str, symbols: &mut Symbols<'_>) -> Self {
        match name {
            "unit" | "targetingKey" => Self::Unit,
            "tenant" => Self::Tenant,
            name => Self::Named(symbols.text(name)),
        }
    }

    #[inline]
    pub(crate) fn find<'a>(&self, context: &Context<'a>) -> Option<Attribute<'a>> {
        match self {
            Self::Unit => context.unit_id().map(Attribute::Text),
            Self::Tenant => context.tenant_id().map(Attribute::Text),
            Self::Named(name) => context.named(name),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Unit => "unit",
            Self::Tenant => "tenant",
            Self::Named(name) => name,
        }
    }
}
