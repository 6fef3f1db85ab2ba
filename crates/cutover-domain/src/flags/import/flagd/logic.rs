//! Conditions put together, with what is decided already taken out.

use crate::flags::Condition;

/// What always holds.
pub(super) const ALWAYS: Condition = Condition::All(Vec::new());

/// What never holds.
pub(super) const NEVER: Condition = Condition::Any(Vec::new());

/// `ALWAYS` or `NEVER`.
pub(super) fn constant(holds: bool) -> Condition {
    if holds { ALWAYS } else { NEVER }
}

/// Every one of these.
pub(super) fn all(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    let mut parts = Vec::new();
    for condition in conditions {
        match condition {
            Condition::All(inner) => parts.extend(inner),
            never if never == NEVER => return NEVER,
            other => parts.push(other),
        }
    }
    one_or(parts, Condition::All)
}

/// At least one of these.
pub(super) fn any(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    let mut parts = Vec::new();
    for condition in conditions {
        match condition {
            Condition::Any(inner) => parts.extend(inner),
            always if always == ALWAYS => return ALWAYS,
            other => parts.push(other),
        }
    }
    one_or(parts, Condition::Any)
}

/// The opposite.
pub(super) fn not(condition: Condition) -> Condition {
    match condition {
        Condition::Not(inner) => *inner,
        always if always == ALWAYS => NEVER,
        never if never == NEVER => ALWAYS,
        other => Condition::Not(Box::new(other)),
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str) -> Condition {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_decided_already_is_taken_out() {
        let (a, b) = (|| is("a exists"), || is("b exists"));
        for (condition, expected) in [
            (all([]), ALWAYS),
            (any([]), NEVER),
            (all([a(), ALWAYS]), a()),
            (all([a(), NEVER, b()]), NEVER),
            (any([NEVER, a()]), a()),
            (any([a(), ALWAYS]), ALWAYS),
            (
                all([a(), all([b(), a()])]),
                is("a exists and b exists and a exists"),
            ),
            (any([a(), any([b(), NEVER])]), is("a exists or b exists")),
            (not(not(a())), a()),
            (not(ALWAYS), NEVER),
        ] {
            assert_eq!(condition, expected);
        }
    }
}
