use std::fmt;

use serde::Serialize;

use super::{Noise, NoiseClass, NoisePath, Values};
use crate::comparison::{DifferenceKind, Rules, round};

/// So many places without a rule are named in a rules file.
const LEFT_OUT: usize = 20;

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

/// The rules that are suggested. Paths have `[*]` for every index.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "lowercase")]
pub enum SuggestedRule {
    /// Do not look at this path.
    Ignore {
        /// Where.
        path: String,
    },
    /// The arrays at this path have no order.
    Unordered {
        /// Where.
        path: String,
    },
    /// Texts there are the same when they name the same instant.
    Timestamps {
        /// Where.
        path: String,
    },
    /// Any UUID there is as good as any other.
    Uuids {
        /// Where.
        path: String,
    },
    /// Numbers there may differ by this share of the larger one.
    Relative {
        /// Where.
        path: String,
        /// The widest seen, rounded up.
        tolerance: f64,
    },
}

impl fmt::Display for SuggestedRule {
    /// As a report names a rule: `ignore $..at`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, path) = match self {
            Self::Ignore { path } => ("ignore", path),
            Self::Unordered { path } => ("unordered", path),
            Self::Timestamps { path } => ("timestamps", path),
            Self::Uuids { path } => ("uuids", path),
            Self::Relative { path, tolerance } => {
                return write!(f, "relative {tolerance} for {path}");
            }
        };
        write!(f, "{word} {path}")
    }
}

impl SuggestedRule {
    /// Of what it hides everything, if it does: `$` where nothing of the answer is left to compare.
    #[must_use]
    pub fn hides_all_of(&self) -> Option<&str> {
        match self {
            Self::Ignore { path } if path == "$" => Some(path),
            Self::Ignore { path } => path.strip_suffix("[*]"),
            _ => None,
        }
    }

    fn path(&self) -> &str {
        match self {
            Self::Ignore { path }
            | Self::Unordered { path }
            | Self::Timestamps { path }
            | Self::Uuids { path }
            | Self::Relative { path, .. } => path,
        }
    }
}

impl Noise {
    /// The suggested rules that would leave nothing of the answer to compare.
    pub fn blinding(&self) -> impl Iterator<Item = &SuggestedRule> {
        let rules = self.suggestions.iter().map(|suggestion| &suggestion.rule);
        rules.filter(|rule| rule.hides_all_of() == Some("$"))
    }

    /// The suggested rules.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let suggestions = self.suggestions.iter().map(|suggestion| &suggestion.rule);
        suggestions.fold(Rules::new(), |rules, suggested| match suggested {
            SuggestedRule::Ignore { path } => rules.ignore(path),
            SuggestedRule::Unordered { path } => rules.unordered(path),
            SuggestedRule::Timestamps { path } => rules.timestamps(path),
            SuggestedRule::Uuids { path } => rules.uuids(path),
            SuggestedRule::Relative { path, tolerance } => rules.relative_at(path, *tolerance),
        })
    }

    /// Places where old differs from itself and that no rule is suggested for, each with why not.
    pub fn without_rule(&self) -> impl Iterator<Item = (&NoisePath, &'static str)> {
        self.paths.iter().filter_map(|path| {
            let why = match (path.class, path.kind) {
                (_, DifferenceKind::Outcome) => {
                    "whether a call fails is not for a rule to overlook"
                }
                (NoiseClass::Real, _) => "a rule would hide differences that count",
                (NoiseClass::Undecided, _) => "it is not known to be noise",
                (NoiseClass::Noise, _) if suggested(path).is_none() => "no rule fits its values",
                (NoiseClass::Noise, _) => return None,
            };
            Some((path, why))
        })
    }

    /// The same as comments of a rules file; empty where there are none.
    #[must_use]
    pub fn left_out(&self) -> String {
        let mut text = String::new();
        for (path, why) in self.without_rule().take(LEFT_OUT) {
            if text.is_empty() {
                text.push_str("#\n# No rule is suggested for these places, where old differs from itself too:\n");
            }
            let NoisePath {
                path,
                kind,
                why: evidence,
                ..
            } = path;
            text.push_str(&comment(&format!("{path} ({kind}): {why}; {evidence}")));
        }
        let more = self.without_rule().count().saturating_sub(LEFT_OUT);
        if more > 0 {
            text.push_str(&comment(&format!("and {more} more")));
        }
        text
    }

    /// The suggested rules as a rules file in TOML, headed by what speaks for each and by what was
    /// left out; `None` where there is nothing to suggest.
    #[must_use]
    pub fn rules_file(&self) -> Option<String> {
        if self.suggestions.is_empty() {
            return None;
        }
        let mut text = format!(
            "# Suggested from {} of old with itself, beside {} of old with new.\n\
             # Every rule hides something, also what new gets wrong there: keep those that you can\n\
             # vouch for.\n#\n",
            match self.self_pairs {
                1 => "1 comparison".to_owned(),
                many => format!("{many} comparisons"),
            },
            self.records
        );
        for Suggestion { rule, why } in &self.suggestions {
            text.push_str(&comment(&format!("{}: {why}", rule.path())));
            match rule.hides_all_of() {
                Some("$") => text.push_str(
                    "# ^ THIS HIDES THE WHOLE ANSWER: with it nothing is compared any more. Read the\n\
                     #   answer in its format, or replace what changes in its texts.\n",
                ),
                Some(all) => text.push_str(&comment(&format!("^ this hides all of {all}"))),
                None => {}
            }
        }
        text.push_str(&self.left_out());
        text.push('\n');
        text.push_str(&self.rules().to_toml());
        Some(text)
    }
}

/// A line of comment, with nothing in it that ends the line or turns the direction of text.
fn comment(text: &str) -> String {
    let odd = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    format!("# {}\n", text.replace(odd, "\u{fffd}"))
}

/// One suggestion for each noisy place that a rule can take away. Places in one array whose members
/// change places share one.
pub(super) fn suggestions(noise: &Noise) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    for path in noise
        .paths
        .iter()
        .filter(|path| path.class == NoiseClass::Noise)
    {
        if let Some((rule, looks)) = suggested(path)
            && found.iter().all(|other| other.rule != rule)
        {
            let why = format!("{looks}; {}", path.why);
            found.push(Suggestion { rule, why });
        }
    }
    found
}

/// The rule for a noisy place, and what its values look like.
fn suggested(noisy: &NoisePath) -> Option<(SuggestedRule, String)> {
    let path = noisy.path.clone();
    let shuffled = "the same members in another sequence".to_owned();
    let values = [&noisy.self_values, &noisy.values];
    let widest = |part: fn(&Values) -> Option<f64>| {
        values.into_iter().filter_map(part).fold(0.0_f64, f64::max)
    };
    match (noisy.kind, Sort::of(&noisy.self_values)) {
        // Whether a call fails is not for a rule to overlook.
        (DifferenceKind::Outcome, _) => None,
        (DifferenceKind::Order, _) => Some((SuggestedRule::Unordered { path }, shuffled)),
        (DifferenceKind::Value, Sort::Shuffled) => {
            let (array, _) = path.rsplit_once("[*]")?;
            let path = array.to_owned();
            Some((SuggestedRule::Unordered { path }, shuffled))
        }
        (_, Sort::Timestamps) => Some(match widest(|values| values.widest_seconds) {
            0.0 => (
                SuggestedRule::Timestamps { path },
                "the same instants".to_owned(),
            ),
            apart => (
                SuggestedRule::Ignore { path },
                format!("timestamps, at most {apart} s apart"),
            ),
        }),
        (_, Sort::Uuids) => Some((SuggestedRule::Uuids { path }, "UUIDs".to_owned())),
        (_, Sort::Jitter) => {
            let apart = widest(|values| values.widest_relative);
            let tolerance = rounded_up(apart)?;
            let looks = format!("numbers, at most {apart:e} of the larger one apart");
            Some((SuggestedRule::Relative { path, tolerance }, looks))
        }
        (kind, _) => Some((SuggestedRule::Ignore { path }, format!("of kind {kind}"))),
    }
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
    fn a_rule_that_hides_everything_is_called_so() {
        let ignore = |path: &str| SuggestedRule::Ignore { path: path.into() };
        for (rule, all) in [
            (ignore("$"), Some("$")),
            (ignore("$[*]"), Some("$")),
            (ignore("$.stdout[*]"), Some("$.stdout")),
            (ignore("$.at"), None),
            (ignore("$[*].at"), None),
        ] {
            assert_eq!(rule.hides_all_of(), all, "{rule}");
        }
        let noise = Noise {
            self_pairs: 1,
            suggestions: vec![Suggestion {
                rule: ignore("$[*]"),
                why: "of kind value".into(),
            }],
            ..Noise::default()
        };
        let file = noise.rules_file().unwrap();
        assert!(
            file.contains("1 comparison of") && file.contains("THE WHOLE ANSWER"),
            "{file}"
        );
        assert_eq!(noise.blinding().count(), 1);
    }

    #[test]
    fn a_path_cannot_break_out_of_its_comment() {
        let text = comment("one\nignore = [\"$\"] \u{202e}");
        assert_eq!(text, "# one\u{fffd}ignore = [\"$\"] \u{fffd}\n");
    }
}
