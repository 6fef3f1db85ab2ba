//! Texts that count as the same: what rules do to a text before it is compared.
//!
//! A rule maps a text to the one that stands for all texts it takes for the same. So what agrees
//! under the rules is what has one image, which is an equivalence and can be hashed.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use regex_lite::Regex;

use super::scope::RuleId;

/// One rule for texts.
#[derive(Clone, Debug)]
pub(in crate::comparison) struct TextRule {
    pub(in crate::comparison) change: TextChange,
    pub(in crate::comparison) rule: RuleId,
}

/// What a rule does to a text.
#[derive(Clone, Debug)]
pub(in crate::comparison) enum TextChange {
    Replace { pattern: Regex, with: Box<str> },
    Nfc,
    Whitespace,
    Trim,
    Timestamp,
    Uuids,
    Case,
}

impl TextChange {
    /// Whether this program was built with what it takes.
    pub(in crate::comparison) const fn is_available(&self) -> bool {
        cfg!(feature = "unicode") || !matches!(self, Self::Nfc)
    }

    /// The text that stands for all that are the same; nothing if it is the text itself.
    fn of(&self, text: &str) -> Option<String> {
        match self {
            Self::Replace { pattern, with } => match pattern.replace_all(text, &**with) {
                Cow::Borrowed(_) => None,
                Cow::Owned(replaced) => Some(replaced),
            },
            Self::Nfc => nfc(text),
            Self::Whitespace => with_single_spaces(text),
            Self::Trim => (text.trim() != text).then(|| text.trim().to_owned()),
            Self::Timestamp => instant(text),
            Self::Uuids => without_uuids(text),
            Self::Case => without_case(text),
        }
    }
}

/// A text after these of the rules, in their order.
pub(super) fn normal<'t>(rules: &[TextRule], applied: &[u16], text: &'t str) -> Cow<'t, str> {
    let changes = applied
        .iter()
        .map(|number| &rules[usize::from(*number)].change);
    changes.fold(Cow::Borrowed(text), |text, change| {
        change.of(&text).map_or(text, Cow::Owned)
    })
}

/// A text after these of the rules, except that UUIDs stay as they are: one that is the same on
/// both sides still tells who is who.
pub(super) fn telling<'t>(rules: &[TextRule], applied: &[u16], text: &'t str) -> Cow<'t, str> {
    let changes = applied
        .iter()
        .map(|number| &rules[usize::from(*number)].change);
    let changes = changes.filter(|change| !matches!(change, TextChange::Uuids));
    changes.fold(Cow::Borrowed(text), |text, change| {
        change.of(&text).map_or(text, Cow::Owned)
    })
}

/// The rules without which two texts that agree would not. Where any one of several would do, the
/// last that changes either.
pub(super) fn needed(
    rules: &[TextRule],
    (applied_to_old, old): (&[u16], &str),
    (applied_to_new, new): (&[u16], &str),
    mut hand_on: impl FnMut(RuleId),
) {
    if let ([only], true) = (applied_to_old, applied_to_old == applied_to_new) {
        hand_on(rules[usize::from(*only)].rule);
        return;
    }
    let mut all = [applied_to_old, applied_to_new].concat();
    all.sort_unstable();
    all.dedup();
    let without = |applied: &[u16], left_out: u16| -> Vec<u16> {
        let others = applied.iter().filter(|number| **number != left_out);
        others.copied().collect()
    };
    let (mut any, mut last) = (false, None);
    for number in all {
        let left = normal(rules, &without(applied_to_old, number), old);
        let right = normal(rules, &without(applied_to_new, number), new);
        let rule = &rules[usize::from(number)];
        if left != right {
            any = true;
            hand_on(rule.rule);
        } else if rule.change.of(old).is_some() || rule.change.of(new).is_some() {
            last = Some(rule.rule);
        }
    }
    if let (false, Some(last)) = (any, last) {
        hand_on(last);
    }
}

#[cfg(feature = "unicode")]
fn nfc(text: &str) -> Option<String> {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let composed: String = text.nfc().collect();
    (composed != text).then_some(composed)
}

#[cfg(not(feature = "unicode"))]
const fn nfc(_text: &str) -> Option<String> {
    None
}

/// One space for each run of whitespace, none at the ends.
fn with_single_spaces(text: &str) -> Option<String> {
    let mut after_space = true;
    let settled = text.chars().all(|character| {
        let fits = character == ' ' && !after_space || !character.is_whitespace();
        after_space = character.is_whitespace();
        fits
    });
    if settled && !text.ends_with(' ') {
        return None;
    }
    let mut words = text.split_whitespace();
    let mut single = String::with_capacity(text.len());
    single.extend(words.next());
    for word in words {
        single.push(' ');
        single.push_str(word);
    }
    Some(single)
}

/// Letters folded one by one, so that a letter's surroundings do not count: `ß` is `ss`, both
/// small sigmas are one.
fn without_case(text: &str) -> Option<String> {
    if text.is_ascii() {
        return text
            .bytes()
            .any(|byte| byte.is_ascii_uppercase())
            .then(|| text.to_ascii_lowercase());
    }
    let folded: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    (folded != text).then_some(folded)
}

/// The one way to write an instant, or a time without an offset.
fn instant(text: &str) -> Option<String> {
    // Quick, because most texts are no times: `2024-05-01T12:00`, `20240501T1200`, `+002024-…`.
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-')) || !(13..=80).contains(&text.len())
    {
        return None;
    }
    // A date alone is a day, no instant.
    let time = &text[text.find(['T', 't', ' '])? + 1..];
    // A leap second is not the second before it.
    let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b':';
    let clock = time.bytes().take_while(digits).filter(|byte| *byte != b':');
    if clock.skip(4).take(2).eq(*b"60") {
        return None;
    }
    let without_offset = time
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b','));
    let written = if without_offset {
        text.parse::<DateTime>().ok()?.to_string()
    } else {
        text.parse::<Timestamp>().ok()?.to_string()
    };
    (written != text).then_some(written)
}

/// What stands for every UUID: one itself, so no other text is taken for it.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

fn without_uuids(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut found: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(hyphen) = text.get(at..).and_then(|rest| rest.find('-')) {
        let hyphen = at + hyphen;
        at = hyphen + 1;
        let Some(start) = hyphen.checked_sub(8).filter(|start| *start >= copied) else {
            continue;
        };
        let end = start + NIL.len();
        let stands_alone =
            |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        let is_uuid = bytes.get(start..end).is_some_and(|candidate| {
            candidate.iter().zip(NIL.bytes()).all(|(byte, form)| {
                if form == b'-' {
                    *byte == b'-'
                } else {
                    byte.is_ascii_hexdigit()
                }
            })
        });
        if is_uuid && stands_alone(before) && stands_alone(bytes.get(end)) {
            let replaced = found.get_or_insert_default();
            replaced.push_str(&text[copied..start]);
            replaced.push_str(NIL);
            (copied, at) = (end, end);
        }
    }
    let mut replaced = found?;
    replaced.push_str(&text[copied..]);
    (replaced != text).then_some(replaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(change: &TextChange, left: &str, right: &str) -> bool {
        let of = |text: &str| change.of(text).unwrap_or_else(|| text.to_owned());
        of(left) == of(right)
    }

    #[test]
    fn times_are_instants_however_they_are_written() {
        let instant = "2024-05-01T12:00:00.5Z";
        for other in [
            "2024-05-01T12:00:00.500Z",
            "2024-05-01T14:00:00.5+02:00",
            "2024-05-01 12:00:00.5z",
            "2024-05-01t07:30:00.500000000-0430",
            "20240501T120000.5Z",
            "2024-05-01T12:00:00,5+00",
            "2024-05-01T14:00:00.5+02:00[Europe/Paris]",
        ] {
            assert!(same(&TextChange::Timestamp, instant, other), "{other}");
        }
        let local = "2024-05-01T12:00:00";
        for other in [
            "2024-05-01 12:00:00.000",
            "2024-05-01T12:00",
            "20240501T120000",
        ] {
            assert!(same(&TextChange::Timestamp, local, other), "{other}");
        }
        for (left, right) in [
            (local, "2024-05-01T12:00:00Z"),
            (instant, "2024-05-01T12:00:00.6Z"),
            ("2024-05-01", "2024-05-01T00:00:00"),
            ("2024-05-01", "20240501"),
            // Neither past the last instant there is, nor in a leap second, is anything guessed.
            ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+01:00"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("20161231T235960Z", "20161231T235959Z"),
            ("12 o'clock exactly", "12 O'CLOCK exactly"),
            (
                "2024-05-01T12:00:00.1234567891Z",
                "2024-05-01T12:00:00.123456789Z",
            ),
        ] {
            assert!(!same(&TextChange::Timestamp, left, right), "{left} {right}");
        }
    }

    #[test]
    fn uuids_are_seen_wherever_they_stand() {
        let one = "550e8400-e29b-41d4-a716-446655440000";
        let other = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8";
        for around in [
            "{}",
            "/orders/{}/lines",
            "urn:uuid:{}",
            "a-b-{}-c",
            "{} {}",
            "é{}é",
            "_{}_",
        ] {
            let put = |id: &str| around.replace("{}", id);
            assert!(same(&TextChange::Uuids, &put(one), &put(other)), "{around}");
            assert!(!same(&TextChange::Uuids, &put(one), &put("x")), "{around}");
        }
        for around in ["a{}", "{}0", "0{}", "{}a"] {
            let put = |id: &str| around.replace("{}", id);
            assert!(
                !same(&TextChange::Uuids, &put(one), &put(other)),
                "{around}"
            );
        }
        assert!(!same(&TextChange::Uuids, one, "<uuid>"));
        assert!(!same(
            &TextChange::Uuids,
            one,
            "550e8400e29b41d4a716446655440000"
        ));
    }

    #[test]
    fn case_is_folded_letter_by_letter() {
        for (left, right) in [
            ("Straße", "STRASSE"),
            ("ẞ", "ss"),
            ("ΟΔΟΣ", "οδος"),
            ("ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"),
            ("ﬁn", "FIN"),
            ("Ann", "ann"),
        ] {
            assert!(same(&TextChange::Case, left, right), "{left} {right}");
        }
        assert!(!same(&TextChange::Case, "é", "e"));
    }

    #[test]
    fn whitespace_is_single_spaces() {
        for (left, right) in [
            ("a  b", "a b"),
            (" a\tb\n", "a b"),
            ("", " \u{2003}"),
            ("a\u{a0}b", "a b"),
        ] {
            assert!(
                same(&TextChange::Whitespace, left, right),
                "{left:?} {right:?}"
            );
        }
        assert!(!same(&TextChange::Whitespace, "ab", "a b"));
        assert!(TextChange::Whitespace.of("a b c").is_none());
        assert!(same(&TextChange::Trim, " a  b\u{2003}", "a  b"));
        assert!(!same(&TextChange::Trim, "a  b", "a b"));
    }

    proptest::proptest! {
        #[test]
        fn what_stands_for_a_text_stands_for_itself(text in "[ -~éßΣ\\s]{0,40}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}-?") {
            for change in [
                TextChange::Nfc, TextChange::Whitespace, TextChange::Trim, TextChange::Timestamp,
                TextChange::Uuids, TextChange::Case,
            ] {
                if let Some(changed) = change.of(&text) {
                    proptest::prop_assert_ne!(&changed, &text);
                    proptest::prop_assert_eq!(change.of(&changed), None, "{:?}", change);
                }
            }
        }

        #[test]
        fn every_instant_has_one_form(second in -60_000_000_000_i64..250_000_000_000, nanos in 0_i32..1_000_000_000, offset in -18_i8..18) {
            let time = Timestamp::new(second, nanos).unwrap();
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(offset));
            let there = time.to_zoned(zone).datetime().to_string() + &format!("{offset:+03}:00");
            proptest::prop_assert!(same(&TextChange::Timestamp, &time.to_string(), &there), "{}", there);
        }
    }
}
