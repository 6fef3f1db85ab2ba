use std::cmp::Ordering;
use std::ops::Range;

/// A semantic version, borrowed from its text, ordered by precedence (semver.org, §11).
///
/// A leading `v` and a missing minor or patch number are allowed, and build metadata is ignored, so
/// that `v1.4` equals `1.4.0+build.7`. Everything else is as strict as the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version<'a> {
    core: [u64; 3],
    /// Dot separated, without the hyphen; empty for a release.
    pre: &'a str,
}

impl<'a> Version<'a> {
    /// Allocates nothing. `None` when the text is no version.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut core = [0; 3];
        (core[0], rest) = leading_number(rest)?;
        for number in &mut core[1..] {
            let Some(digits) = rest.strip_prefix('.') else {
                break;
            };
            (*number, rest) = leading_number(digits)?;
        }
        if rest.is_empty() {
            return Some(Self { core, pre: rest });
        }
        let (rest, build) = split_at(rest, '+');
        if !build.is_none_or(|build| build.split('.').all(is_identifier)) {
            return None;
        }
        if rest.is_empty() {
            return Some(Self { core, pre: rest });
        }
        let pre = rest.strip_prefix('-')?;
        pre.split('.')
            .all(is_pre_release)
            .then_some(Self { core, pre })
    }
}

/// A version with its text, parsed once.
#[derive(Debug)]
pub(crate) struct KnownVersion {
    text: Box<str>,
    core: [u64; 3],
    pre: Range<usize>,
}

impl KnownVersion {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Version { core, pre } = Version::parse(text)?;
        let from = match pre {
            "" => 0,
            _ => text.find('-').map_or(0, |hyphen| hyphen + 1),
        };
        let pre = from..from + pre.len();
        let text = text.into();
        Some(Self { text, core, pre })
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn version(&self) -> Version<'_> {
        Version {
            core: self.core,
            pre: self.text.get(self.pre.clone()).unwrap_or_default(),
        }
    }
}

fn split_at(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The number at the start, and what follows it. `None` without one, and when it has a leading zero
/// or more than 64 bits.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let mut number: u64 = 0;
    let mut length = 0;
    for digit in text.bytes().take_while(u8::is_ascii_digit) {
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        length += 1;
    }
    let (digits, rest) = text.split_at_checked(length)?;
    (length > 0 && !has_leading_zero(digits)).then_some((number, rest))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

fn is_identifier(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_pre_release(text: &str) -> bool {
    is_identifier(text) && !(is_digits(text) && has_leading_zero(text))
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.core
            .cmp(&other.core)
            .then_with(|| match (self.pre, other.pre) {
                ("", "") => Ordering::Equal,
                ("", _) => Ordering::Greater,
                (_, "") => Ordering::Less,
                (left, right) => compare_pre_releases(left, right),
            })
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_pre_releases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (Some(left), Some(right)) => (left, right),
            (left, right) => return left.is_some().cmp(&right.is_some()),
        };
        let order = match (is_digits(left), is_digits(right)) {
            // Without leading zeros the longer number is the greater one, however long.
            (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Version<'_> {
        Version::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    /// The chain of semver.org, §11, with some more links.
    #[test]
    fn precedence_is_that_of_the_specification() {
        let chain = [
            "0.0.0-0",
            "0.9.9",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-11",
            "1.0.0-99999999999999999999999",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        for (low, lower) in chain.iter().enumerate() {
            for (high, higher) in chain.iter().enumerate() {
                assert_eq!(
                    parse(lower).cmp(&parse(higher)),
                    low.cmp(&high),
                    "{lower} and {higher}"
                );
            }
        }
    }

    #[test]
    fn a_leading_v_missing_numbers_and_build_metadata_do_not_count() {
        for same in ["1.4", "v1.4", "V1.4.0", "1.4.0+build.007"] {
            assert_eq!(parse(same).cmp(&parse("1.4.0")), Ordering::Equal, "{same}");
        }
        assert_eq!(parse("1"), parse("1.0.0"));
        assert_eq!(parse("1.4-rc.1"), parse("1.4.0-rc.1"));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "",
            "v",
            "vv1",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4",
            "01.2.3",
            "1.02.3",
            "1.2.x",
            "-1.2.3",
            "1.2.3-",
            "1.2.3-a..b",
            "1.2.3-01",
            "1.2.3+",
            "1.2.3+a..b",
            "1.2.3-ä",
            " 1.2.3",
            "1.2.3 ",
            "18446744073709551616.0.0",
            "latest",
            "1,2,3",
        ] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    /// Text that is a version, or nearly.
    fn nearly() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[0-2]\\.[0-2]\\.[0-2](-(0|[1-9][0-9]{0,2}|[a-b-]{1,2})(\\.(0|[1-9]|[ab]))?)?(\\+[0-9a-b]{1,2})?",
            1 => "[0-9]{1,2}(\\.[0-9]{1,2}){2}(-[0-9a-c.-]{0,5})?(\\+[0-9a-c.-]{0,5})?",
            1 => "[0-9.a+-]{0,9}",
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_crate_semver(left in nearly(), right in nearly()) {
            for text in [&left, &right] {
                // Three numbers: what may be left out, the other implementation refuses.
                let whole = text.split(['-', '+']).next().unwrap_or_default();
                if whole.matches('.').count() == 2 {
                    prop_assert_eq!(
                        Version::parse(text).is_some(),
                        semver::Version::parse(text).is_ok(),
                        "{}", text
                    );
                }
            }
            if let Some(version) = Version::parse(&left) {
                let known = KnownVersion::parse(&left).unwrap();
                prop_assert_eq!((known.version(), known.as_str()), (version, left.as_str()));
            }
            if let (Ok(theirs), Ok(other)) = (semver::Version::parse(&left), semver::Version::parse(&right)) {
                prop_assert_eq!(parse(&left).cmp(&parse(&right)), theirs.cmp_precedence(&other));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = Version::parse(&text);
        }
    }
}
