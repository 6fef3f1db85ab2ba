use super::{Bound, Condition, Literal, Operator};

/// How deep conditions may stand in each other, a lone test being one level.
pub(crate) const MAX_DEPTH: usize = 32;

/// How many tests, literals and joints one condition may have.
pub(crate) const MAX_PARTS: usize = 10_000;

/// How many bytes of names and texts one condition may have.
pub(crate) const MAX_TEXT: usize = 256 * 1024;

/// Why a condition is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OverLimit {
    #[error("it is nested deeper than {MAX_DEPTH} levels")]
    Depth,
    #[error("it has more than {MAX_PARTS} tests and values; ask for a group of them instead")]
    Parts,
    #[error("it has more than {MAX_TEXT} bytes of text; ask for a group of values instead")]
    Text,
}

/// Checks the limits that keep evaluation, validation and stacks bounded. Stops at the first that
/// is passed, so that its own cost is bounded too.
pub(crate) fn check(condition: &Condition) -> Result<(), OverLimit> {
    Sum::default().add(condition, 1)
}

#[derive(Default)]
struct Sum {
    parts: usize,
    text: usize,
}

impl Sum {
    fn add(&mut self, condition: &Condition, depth: usize) -> Result<(), OverLimit> {
        if depth > MAX_DEPTH {
            return Err(OverLimit::Depth);
        }
        self.parts += 1;
        if let Condition::Test {
            attribute,
            operator,
        } = condition
        {
            let (parts, text) = size(operator);
            self.parts += parts;
            self.text += attribute.len() + text;
        }
        if self.parts > MAX_PARTS {
            return Err(OverLimit::Parts);
        }
        if self.text > MAX_TEXT {
            return Err(OverLimit::Text);
        }
        match condition {
            Condition::All(inner) | Condition::Any(inner) => inner
                .iter()
                .try_for_each(|inner| self.add(inner, depth + 1)),
            Condition::Not(inner) => self.add(inner, depth + 1),
            Condition::Test { .. } => Ok(()),
        }
    }
}

/// Values and bytes of text of one test.
fn size(operator: &Operator) -> (usize, usize) {
    let bytes = |literal: &Literal| match literal {
        Literal::Text(text) => text.len(),
        _ => 0,
    };
    match operator {
        Operator::Equals(literal) => (0, bytes(literal)),
        Operator::In(literals) => (literals.len(), literals.iter().map(bytes).sum()),
        Operator::StartsWith(text) | Operator::EndsWith(text) | Operator::Contains(text) => {
            (0, text.len())
        }
        Operator::Matches(pattern) => (0, pattern.as_str().len()),
        Operator::LessThan(Bound::Version(text))
        | Operator::AtMost(Bound::Version(text))
        | Operator::GreaterThan(Bound::Version(text))
        | Operator::AtLeast(Bound::Version(text)) => (0, text.len()),
        Operator::LessThan(_)
        | Operator::AtMost(_)
        | Operator::GreaterThan(_)
        | Operator::AtLeast(_)
        | Operator::Exists(_) => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negated(times: usize) -> Condition {
        let test = Condition::test("x", Operator::Exists(true));
        (0..times).fold(test, |inner, _| Condition::Not(Box::new(inner)))
    }

    #[test]
    fn depth_number_and_text_are_bounded() {
        assert_eq!(check(&negated(MAX_DEPTH - 1)), Ok(()));
        assert_eq!(check(&negated(MAX_DEPTH)), Err(OverLimit::Depth));
        let listed = |count| Condition::test("x", Operator::In(vec![1.into(); count]));
        assert_eq!(check(&listed(MAX_PARTS - 1)), Ok(()));
        assert_eq!(check(&listed(MAX_PARTS)), Err(OverLimit::Parts));
        let any = Condition::Any(vec![negated(0); MAX_PARTS]);
        assert_eq!(check(&any), Err(OverLimit::Parts));
        let long = |bytes| Condition::test("x", Operator::Contains("y".repeat(bytes)));
        assert_eq!(check(&long(MAX_TEXT - 1)), Ok(()));
        assert_eq!(check(&long(MAX_TEXT)), Err(OverLimit::Text));
    }
}
