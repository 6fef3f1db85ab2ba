//! JSON in the one form that equal values share.

use std::borrow::Cow;

use cutover_domain::tree::{Kind, Node, Tree};

use super::Written;

/// The longest whole number that is written without a power of ten, in digits.
const LONGEST: usize = 21;
/// The most zeros between the point and the first other digit.
const MOST_ZEROS: usize = 6;

/// What is left to write of a value.
enum Step<'a> {
    Value(Node<'a>),
    Key(&'a str),
    Text(&'static str),
}

/// JSON with the members of every object in the order of their names and numbers as
/// [`plain_number`] writes them. Nothing recurses, however deep the value.
pub(super) fn canonical(node: Node<'_>, written: Written) -> String {
    let mut out = String::new();
    let mut steps = vec![Step::Value(node)];
    while let Some(step) = steps.pop() {
        let node = match step {
            Step::Text(text) => {
                out.push_str(text);
                continue;
            }
            Step::Key(key) => {
                out.push_str(&Tree::string(key).to_json());
                out.push(':');
                continue;
            }
            Step::Value(node) => node,
        };
        let from = steps.len();
        match node.kind() {
            Kind::Array => {
                steps.push(Step::Text("["));
                for (at, item) in node.items().enumerate() {
                    if at > 0 {
                        steps.push(Step::Text(","));
                    }
                    steps.push(Step::Value(item));
                }
                steps.push(Step::Text("]"));
            }
            Kind::Object => {
                let mut members: Vec<_> = node
                    .entries()
                    .filter(|(_, value)| written != Written::JsonWithoutNull || !value.is_null())
                    .collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                steps.push(Step::Text("{"));
                for (at, (key, value)) in members.into_iter().enumerate() {
                    if at > 0 {
                        steps.push(Step::Text(","));
                    }
                    steps.push(Step::Key(key));
                    steps.push(Step::Value(value));
                }
                steps.push(Step::Text("}"));
            }
            Kind::Number => {
                if let Some(number) = node.number() {
                    out.push_str(&plain_number(&number.lexeme()));
                }
            }
            _ => node.write_json(&mut out),
        }
        // What was pushed first is written first.
        steps[from..].reverse();
    }
    out
}

/// The one text of all decimal texts of a value: `1.0`, `1` and `10e-1` are `1`. What is no decimal
/// number stays as it is.
pub(super) fn plain_number(text: &str) -> Cow<'_, str> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits(unsigned) && !unsigned.starts_with('0') && unsigned.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i64>()),
        None => (unsigned, Ok(0)),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let Ok(exponent) = exponent else {
        return Cow::Borrowed(text);
    };
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Cow::Borrowed(text);
    }
    let all = format!("{whole}{fraction}");
    let digits = all.trim_start_matches('0').trim_end_matches('0');
    if digits.is_empty() {
        return Cow::Borrowed("0");
    }
    let trailing = all.len() - all.trim_end_matches('0').len();
    // Where the point stands, in digits from the first.
    let point = exponent
        .saturating_sub(fraction.len() as i64)
        .saturating_add((trailing + digits.len()) as i64);
    Cow::Owned(match usize::try_from(point) {
        Ok(point) if point >= digits.len() && point <= LONGEST => {
            format!("{sign}{digits:0<point$}")
        }
        Ok(point) if point > 0 && point < digits.len() => {
            format!("{sign}{}.{}", &digits[..point], &digits[point..])
        }
        _ if point <= 0 && point.unsigned_abs() as usize <= MOST_ZEROS => {
            let zeros = point.unsigned_abs() as usize;
            format!("{sign}0.{:0<zeros$}{digits}", "")
        }
        _ => {
            let power = point.saturating_sub(1);
            match digits.split_at(1) {
                (first, "") => format!("{sign}{first}e{power}"),
                (first, rest) => format!("{sign}{first}.{rest}e{power}"),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_and_the_writing_of_numbers_do_not_show() {
        let text = r#"{"b":[1.0,{"y":null,"x":"é\n"}],"a":{}}"#;
        let tree = Tree::from_json(text).unwrap();
        assert_eq!(
            canonical(tree.root(), Written::Json),
            r#"{"a":{},"b":[1,{"x":"é\n","y":null}]}"#
        );
        assert_eq!(
            canonical(tree.root(), Written::JsonWithoutNull),
            r#"{"a":{},"b":[1,{"x":"é\n"}]}"#
        );
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        let tree = Tree::from_json(&deep).unwrap();
        assert_eq!(canonical(tree.root(), Written::Json), deep);
    }

    #[test]
    fn equal_numbers_have_one_text() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.000e9", "0"),
            ("1", "1"),
            ("1.0", "1"),
            ("-10e-1", "-1"),
            ("1E+2", "100"),
            ("2.50", "2.5"),
            ("1e-1", "0.1"),
            ("1.5e-7", "0.00000015"),
            ("1.5e-8", "1.5e-8"),
            ("1e20", "100000000000000000000"),
            ("1e300", "1e300"),
            ("10e299", "1e300"),
            ("12000000000000000000000000", "1.2e25"),
            ("12345678901234567890.5", "12345678901234567890.5"),
            ("9223372036854775807.0", "9223372036854775807"),
            ("1e99999999999999999999", "1e99999999999999999999"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(plain_number(text), expected, "{text}");
            assert_eq!(plain_number(expected), expected, "{expected}");
        }
    }

    /// The number of a text of JSON.
    fn read(text: &str) -> Tree {
        Tree::from_json(text).unwrap()
    }

    proptest::proptest! {
        #[test]
        fn the_text_of_a_number_is_another_only_where_its_value_is(
            digits in "(0|[1-9][0-9]{0,23})(\\.[0-9]{1,24})?",
            exponent in -40_i32..40,
            other in "(0|[1-9][0-9]{0,2})(\\.[0-9]{1,3})?",
        ) {
            let number = format!("{digits}e{exponent}");
            let [one, two] = [&number, &other].map(|text| read(text));
            let plain = [&number, &other].map(|text| read(&plain_number(text)));
            proptest::prop_assert_eq!(one.root().number(), plain[0].root().number());
            proptest::prop_assert_eq!(two.root().number(), plain[1].root().number());
            let equal = one.root().number() == two.root().number();
            proptest::prop_assert_eq!(equal, plain_number(&number) == plain_number(&other));
        }
    }
}
