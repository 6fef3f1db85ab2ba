use std::sync::LazyLock;

use cutover_domain::flags::{Bound, Condition, Literal, Operator, Pattern};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::SBoxedStrategy;

use super::{any_text, matching};

/// A condition in which each part is well-formed, whatever it asks: patterns compile, versions are
/// versions, numbers are finite. It may be one that a document refuses, because it never matches.
///
/// Names and values come from the few that [`any_subject`](super::any_subject) has, and some from
/// everywhere.
pub fn any_condition() -> BoxedStrategy<Condition> {
    let test = (any_name(), any_operator());
    let test = test.prop_map(|(name, operator)| Condition::test(name, operator));
    test.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Condition::All),
            vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

/// The attributes of subjects, the unit and the tenant among them.
pub(super) const NAMES: [&str; 8] = [
    "unit",
    "tenant",
    "targetingKey",
    "plan",
    "age",
    "version",
    "groups",
    "é-1.x",
];

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["in", "not", "all", "never", "exists", "true", "1", "a b"])
            .prop_map(str::to_owned),
        1 => any_text(),
    ]
}

/// Texts that begin, end and contain each other, among them versions.
pub(super) fn any_value_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["", "a", "ab", "aba", "b", "pro"]).prop_map(str::to_owned),
        2 => any_version(),
        1 => any_text(),
    ]
}

pub(super) fn any_version() -> SBoxedStrategy<String> {
    static VERSION: LazyLock<SBoxedStrategy<String>> = LazyLock::new(|| {
        matching("v?[0-2](\\.[0-2]){0,2}(-(rc|[0-2])(\\.[0-2])?)?(\\+[0-9a-c]{1,2})?")
    });
    VERSION.clone()
}

pub(super) fn any_finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-3..3_i8).prop_map(|halves| f64::from(halves) / 2.0),
        1 => any::<f64>().prop_filter("finite", |number| number.is_finite()),
        1 => Just(-0.0),
    ]
}

pub(super) fn any_integer() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -2..3_i64, 1 => any::<i64>()]
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        4 => any_value_text().prop_map(Literal::Text),
        2 => any_integer().prop_map(Literal::Integer),
        1 => any_finite().prop_map(Literal::Number),
        1 => any::<bool>().prop_map(Literal::Boolean),
    ]
}

fn any_bound() -> impl Strategy<Value = Bound> {
    prop_oneof![
        any_integer().prop_map(Bound::Integer),
        any_finite().prop_map(Bound::Number),
        any_version().prop_map(Bound::Version),
    ]
}

/// Long lists too, because they are found in another way.
fn any_literals() -> impl Strategy<Value = Vec<Literal>> {
    prop_oneof![4 => vec(any_literal(), 0..4), 1 => vec(any_literal(), 9..14)]
}

fn any_operator() -> BoxedStrategy<Operator> {
    let pattern = matching("\\^?[ab]{0,2}[.+*]?\\$?").prop_filter_map("a pattern", |text| {
        regex_is_sound(&text).then(|| Operator::Matches(Pattern::new(text)))
    });
    prop_oneof![
        any_literal().prop_map(Operator::Equals),
        any_literals().prop_map(Operator::In),
        any_value_text().prop_map(Operator::StartsWith),
        any_value_text().prop_map(Operator::EndsWith),
        any_value_text().prop_map(Operator::Contains),
        pattern,
        any_bound().prop_map(Operator::LessThan),
        any_bound().prop_map(Operator::AtMost),
        any_bound().prop_map(Operator::GreaterThan),
        any_bound().prop_map(Operator::AtLeast),
        any::<bool>().prop_map(Operator::Exists),
    ]
    .boxed()
}

/// Of these patterns, one that repeats nothing is none.
fn regex_is_sound(text: &str) -> bool {
    let repeated = text.trim_start_matches('^');
    !repeated.starts_with(['+', '*'])
}
