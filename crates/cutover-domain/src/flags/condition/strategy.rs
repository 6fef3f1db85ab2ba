//! Conditions of every kind for laws.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Bound, Condition, Literal, Operator, Pattern};

/// Conditions that are well-formed, whatever they ask: patterns compile, versions are versions,
/// numbers are finite.
pub(in crate::flags) fn any_condition() -> BoxedStrategy<Condition> {
    let test = (any_name(), any_operator());
    let test = test.prop_map(|(name, operator)| Condition::test(name, operator));
    test.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Condition::All),
            vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|inner| Condition::Not(Box::new(inner))),
        ]
    })
    .boxed()
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["plan", "unit", "tenant", "age", "é-1.x"])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec!["in", "not", "all", "never", "exists", "true", "1", "a b"])
            .prop_map(str::to_owned),
        1 => any_text(),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[a-c]{0,3}",
        1 => "\\PC{0,8}",
        1 => "[\"`\\\\'\n\r\t\u{0}\u{7f}\u{2028} ]{1,4}",
    ]
}

fn any_finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |number| number.is_finite()),
        Just(-0.0),
        (-3..3_i8).prop_map(f64::from),
    ]
}

fn any_literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        3 => any_text().prop_map(Literal::Text),
        1 => any::<i64>().prop_map(Literal::Integer),
        1 => any_finite().prop_map(Literal::Number),
        1 => any::<bool>().prop_map(Literal::Boolean),
    ]
}

fn any_bound() -> impl Strategy<Value = Bound> {
    prop_oneof![
        any::<i64>().prop_map(Bound::Integer),
        any_finite().prop_map(Bound::Number),
        "v?[0-9]{1}(\\.[1-9]{1,2}){0,2}(-[a-c]{1,2}(\\.[1-9])?)?(\\+[0-9a-c]{1,3})?"
            .prop_map(Bound::Version),
    ]
}

fn any_operator() -> BoxedStrategy<Operator> {
    prop_oneof![
        any_literal().prop_map(Operator::Equals),
        vec(any_literal(), 0..4).prop_map(Operator::In),
        any_text().prop_map(Operator::StartsWith),
        any_text().prop_map(Operator::EndsWith),
        any_text().prop_map(Operator::Contains),
        "\\^?[a-c]{0,2}[.+*]?\\\\?\\$".prop_filter_map("a pattern", |text| {
            let pattern = Pattern::new(text);
            pattern.compile().ok().map(|_| Operator::Matches(pattern))
        }),
        any_bound().prop_map(Operator::LessThan),
        any_bound().prop_map(Operator::AtMost),
        any_bound().prop_map(Operator::GreaterThan),
        any_bound().prop_map(Operator::AtLeast),
        any::<bool>().prop_map(Operator::Exists),
    ]
    .boxed()
}
