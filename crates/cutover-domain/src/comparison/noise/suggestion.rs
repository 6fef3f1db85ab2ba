use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::{Noise, NoiseClass, NoisePath, Values};
use crate::comparison::{DifferenceKind, Rules, round};

/// Numbers further apart than this are not jitter of the last digits.
const JITTER: f64 = 1e-3;

/// What the values that part at a place have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Shuffled,
    Timestamps,
    Uuids,
    Jitter,
    Any,
}

impl Sort {
    pub(super) fn of(values: &Values) -> Self {
        let all = |count: u64| count > 0 && count == values.seen;
        let narrow = || {
            values
                .widest_relative
                .is_some_and(|widest| widest <= JITTER)
        };
        if all(values.shuffled) {
            Self::Shuffled
        } else if all(values.timestamps) {
            Self::Timestamps
        } else if all(values.uuids) {
            Self::Uuids
        } else if all(values.floats) && narrow() {
            Self::Jitter
        } else {
            Self::Any
        }
    }
}

/// A rule that would take a noisy place away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    /// The rule.
    #[serde(flatten)]
    pub rule: SuggestedRule,
    /// What speaks for it, for the person who is to accept it.
    pub why: String,
}

/// The rules that are suggested.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
pub enum SuggestedRule {
    /// Do not look at this path.
    Ignore {
        /// With `[*]` for every index.
        path: String,
    },
    /// The arrays at this path have no order.
    Unordered {
        /// With `[*]` for every index.
        path: String,
    },
    /// Numbers may differ by this share of the larger one.
    Relative {
        /// The widest seen, rounded up.
        tolerance: f64,
    },
}

impl Noise {
    /// The suggested rules.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let suggestions = self.suggestions.iter().map(|suggestion| &suggestion.rule);
        suggestions.fold(Rules::new(), |rules, suggested| match suggested {
            SuggestedRule::Ignore { path } => rules.ignore(path),
            SuggestedRule::Unordered { path } => rules.unordered(path),
            SuggestedRule::Relative { tolerance } => rules.relative(*tolerance),
        })
    }

    /// The suggested rules as a rules file in TOML, each with what speaks for it; `None` where
    /// there is nothing to suggest.
    #[must_use]
    pub fn rules_file(&self) -> Option<String> {
        if self.suggestions.is_empty() {
            return None;
        }
        let mut text = format!(
            "# Suggested from {} comparisons of old with itself, beside {} of old with new.\n\
             # Every rule hides something, also what new gets wrong there: keep those that you can \
             vouch for.\n",
            self.self_pairs, self.records
        );
        let paths = |wanted: fn(&SuggestedRule) -> Option<&str>| {
            let found = self.suggestions.iter();
            found.filter_map(move |suggestion| Some((wanted(&suggestion.rule)?, &*suggestion.why)))
        };
        list(
            &mut text,
            "ignore",
            paths(|rule| match rule {
                SuggestedRule::Ignore { path } => Some(path),
                _ => None,
            }),
        );
        list(
            &mut text,
            "unordered",
            paths(|rule| match rule {
                SuggestedRule::Unordered { path } => Some(path),
                _ => None,
            }),
        );
        for suggestion in &self.suggestions {
            if let SuggestedRule::Relative { tolerance } = suggestion.rule {
                comment(&mut text, "\n", &suggestion.why);
                // Writing to a string cannot fail.
                let _ = writeln!(text, "[numbers]\nrelative = {tolerance:?}");
            }
        }
        Some(text)
    }
}

fn list<'a>(text: &mut String, name: &str, paths: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut paths = paths.peekable();
    if paths.peek().is_none() {
        return;
    }
    let _ = write!(text, "\n{name} = [\n");
    for (path, why) in paths {
        comment(text, "  ", why);
        let _ = writeln!(text, "  {},", quoted(path));
    }
    text.push_str("]\n");
}

/// `# why`, with nothing in it that would end the comment.
fn comment(text: &mut String, before: &str, why: &str) {
    let why = why.replace(char::is_control, " ");
    let _ = writeln!(text, "{before}# {why}");
}

/// A TOML string. What a terminal would act upon is escaped, too.
fn quoted(path: &str) -> String {
    let mut text = String::from("\"");
    for character in path.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            character if character.is_control() || is_format(character) => {
                let _ = write!(text, "\\U{:08X}", u32::from(character));
            }
            character => text.push(character),
        }
    }
    text.push('"');
    text
}

/// Invisible characters that turn the direction of text, or join and split it.
fn is_format(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// One suggestion for each noisy place that a rule can take away; places with one rule in common
/// share it.
pub(super) fn suggestions(noise: &Noise) -> Vec<Suggestion> {
    let noisy = || {
        noise
            .paths
            .iter()
            .filter(|path| path.class == NoiseClass::Noise)
    };
    let mut found: Vec<Suggestion> = Vec::new();
    let mut arrays = BTreeSet::new();
    for path in noisy() {
        let said = |what: &str| format!("{what}: {}", path.why);
        let (rule, why) = match unordered_array(path) {
            Some(array) if !arrays.insert(array) => continue,
            Some(array) => (
                SuggestedRule::Unordered {
                    path: array.to_owned(),
                },
                said("the same members in another sequence"),
            ),
            None => match (path.kind, Sort::of(&path.self_values)) {
                (DifferenceKind::Outcome, _) | (_, Sort::Jitter) => continue,
                (kind, sort) => {
                    let rule = SuggestedRule::Ignore {
                        path: path.path.clone(),
                    };
                    (rule, said(&looks(kind, sort, &path.self_values)))
                }
            },
        };
        found.push(Suggestion { rule, why });
    }
    found.extend(tolerance(
        noisy().filter(|path| Sort::of(&path.self_values) == Sort::Jitter),
    ));
    found
}

/// The array whose members change places, if that is what the noise at a path is.
fn unordered_array(path: &NoisePath) -> Option<&str> {
    match (path.kind, Sort::of(&path.self_values)) {
        (DifferenceKind::Order, _) => Some(&path.path),
        (DifferenceKind::Value, Sort::Shuffled) => Some(path.path.rsplit_once("[*]")?.0),
        _ => None,
    }
}

fn looks(kind: DifferenceKind, sort: Sort, values: &Values) -> String {
    match (sort, values.widest_seconds) {
        (Sort::Timestamps, Some(apart)) => format!("timestamps, at most {apart} s apart"),
        (Sort::Uuids, _) => "UUIDs".to_owned(),
        _ => kind.word().to_owned(),
    }
}

/// One tolerance for all numbers that jitter: the rules have one.
fn tolerance<'a>(paths: impl Iterator<Item = &'a NoisePath>) -> Option<Suggestion> {
    let mut widest = 0.0_f64;
    let mut at = Vec::new();
    for path in paths {
        let seen = [path.self_values, path.values].into_iter();
        widest = seen
            .filter_map(|values| values.widest_relative)
            .fold(widest, f64::max);
        at.push(format!("{}: {}", path.path, path.why));
    }
    let tolerance = rounded_up(widest)?;
    Some(Suggestion {
        rule: SuggestedRule::Relative { tolerance },
        why: format!(
            "numbers jitter by at most {widest:e}, at {}",
            at.join("; at ")
        ),
    })
}

/// The next number with one digit that is not below the value.
fn rounded_up(value: f64) -> Option<f64> {
    if value <= 0.0 {
        return None;
    }
    let unit = 10.0_f64.powf(value.log10().floor());
    let digits = (value / unit * (1.0 - 1e-9)).ceil();
    round(digits * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_rounded_up_to_one_digit() {
        for (value, rounded) in [
            (1.0e-12, 1e-12),
            (1.1e-12, 2e-12),
            (9.5e-7, 1e-6),
            (0.00034, 0.0004),
        ] {
            let found = rounded_up(value).unwrap();
            assert!(
                (found - rounded).abs() <= rounded * 1e-8,
                "{value}: {found}"
            );
            assert!(found >= value * (1.0 - 1e-8));
        }
        assert_eq!(rounded_up(0.0), None);
    }

    #[test]
    fn a_path_cannot_break_out_of_the_file() {
        assert_eq!(
            quoted("$['a\"\\\n\u{202e}']"),
            r#""$['a\"\\\U0000000A\U0000202E']""#
        );
        let mut text = String::new();
        comment(&mut text, "", "one\nignore = [\"$\"]");
        assert_eq!(text.lines().count(), 1);
    }
}
