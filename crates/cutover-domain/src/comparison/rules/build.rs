//! From what is written to what the engine asks for.

use std::sync::Arc;

use regex_lite::Regex;

use super::strings::{Replacement, StringRules};
use super::{Failures, Key, RuleProblem, Rules, RulesError};
use crate::comparison::Severity;
use crate::comparison::comparator::{Comparator, Compiled, CustomRule, KeySpec};
use crate::comparison::engine::{Effect, PathRule, RuleId, Selector, TextChange, TextRule};
use crate::comparison::redaction::Redaction;

impl Rules {
    /// Checks the rules and makes them ready to use.
    ///
    /// # Errors
    ///
    /// [`RulesError`] with every problem at once.
    pub fn build(&self) -> Result<Comparator, RulesError> {
        let expanded = self.expand();
        let mut build = Build::default();
        // Numbers of rules: 0 is what is always there, see `Compiled::rule_names`.
        build.name("1 equals 1.0".to_owned());
        let numbers_rule = expanded.numbers.name().map(|name| build.name(name));
        let null_rule = (expanded.null_equals_missing == Some(true))
            .then(|| build.name("null equals missing".to_owned()));
        let everywhere = expanded
            .unordered
            .is_everywhere()
            .then(|| build.name("unordered everywhere".to_owned()));
        let only_rule = (!expanded.only.is_empty())
            .then(|| build.name(format!("only {}", expanded.only.join(", "))));
        for path in &expanded.only {
            build.path("only", path, |_| Effect::Only);
        }
        for path in &expanded.ignore {
            build.path("ignore", path, Effect::Ignore);
        }
        for path in expanded.unordered.paths() {
            build.path("unordered", path, Effect::Unordered);
        }
        if expanded.unordered.is_everywhere() {
            // Said of places where it holds anyway; a mistake in it is one all the same.
            for path in self.unordered.paths() {
                build.path("unordered", path, Effect::Unordered);
            }
        }
        for key in &expanded.keys {
            build.key(key);
        }
        for rule in &expanded.severities {
            build.path("severity", &rule.path, |_| Effect::Severity(rule.level));
        }
        let errors_by_class = (expanded.errors == Some(Failures::Class))
            .then(|| build.name("errors by class".to_owned()));
        let mut customs = Vec::new();
        for custom in &expanded.customs {
            let number = customs.len() as u16;
            let mut rule = 0;
            build.path(&custom.name, &custom.path, |id| {
                rule = id;
                Effect::Custom(number)
            });
            customs.push(CustomRule {
                compare: Arc::clone(&custom.compare),
                rule,
            });
        }
        if expanded.max_time.is_some_and(|time| time.0.is_negative()) {
            build
                .problems
                .push("max_time: a time is not negative".to_owned());
        }
        build.texts(&expanded.strings);
        let numbers = expanded.numbers.compile(numbers_rule, &mut build.problems);
        let mut tolerances = Vec::new();
        for at in &expanded.numbers.at {
            let number = tolerances.len() as u16;
            let mut rule = 0;
            build.path(&format!("{} at", at.name()), &at.path, |id| {
                rule = id;
                Effect::Tolerance(number)
            });
            tolerances.push(at.compile(rule, &mut build.problems));
        }
        let redaction = expanded.redact.build().unwrap_or_else(|error| {
            build.problems.extend(error.problems);
            Redaction::default()
        });
        if build.rules.len() > usize::from(u16::MAX) || build.names.len() > usize::from(u16::MAX) {
            build
                .problems
                .push("there are more than 65,535 rules".to_owned());
        }
        if !build.problems.is_empty() {
            let problem = |message| RuleProblem {
                entry: None,
                message,
            };
            return Err(RulesError {
                problems: build.problems.into_iter().map(problem).collect(),
            });
        }
        let tolerant = |absolute: f64, relative: f64| absolute > 0.0 || relative > 0.0;
        Ok(Comparator::new(Compiled {
            rules: build.rules,
            keys: build.keys,
            rule_names: build.names,
            tolerant: tolerant(numbers.absolute, numbers.relative)
                || tolerances.iter().any(|at| {
                    tolerant(
                        at.absolute.unwrap_or_default(),
                        at.relative.unwrap_or_default(),
                    )
                }),
            numbers,
            tolerances,
            texts: build.texts,
            texts_everywhere: build.texts_everywhere,
            customs,
            null_rule,
            errors_by_class,
            fail_on: expanded.fail_on.unwrap_or(Severity::Info),
            everywhere,
            only_rule,
            limit: expanded.limit.unwrap_or(Self::DEFAULT_LIMIT),
            sample_bytes: expanded.sample_bytes.unwrap_or(Self::DEFAULT_SAMPLE_BYTES),
            effort: expanded.effort.unwrap_or(Self::DEFAULT_EFFORT),
            max_depth: expanded.max_depth.unwrap_or(usize::MAX),
            max_bytes: expanded.max_bytes.unwrap_or(u64::MAX),
            max_time: expanded.max_time.map(|time| time.0.unsigned_abs()),
            redaction,
        }))
    }

    /// The rules with the preset written out.
    pub(super) fn expand(&self) -> Self {
        let Some(preset) = self.preset else {
            return self.clone();
        };
        let base = preset.rules();
        let joined = |base: Vec<String>, own: &[String]| [base, own.to_vec()].concat();
        Self {
            preset: None,
            ignore: joined(base.ignore, &self.ignore),
            only: joined(base.only, &self.only),
            unordered: base.unordered.joined(&self.unordered),
            keys: [base.keys, self.keys.clone()].concat(),
            numbers: self.numbers.on_top_of(base.numbers),
            strings: self.strings.on_top_of(&base.strings),
            null_equals_missing: self.null_equals_missing.or(base.null_equals_missing),
            severities: [base.severities, self.severities.clone()].concat(),
            limit: self.limit.or(base.limit),
            sample_bytes: self.sample_bytes.or(base.sample_bytes),
            effort: self.effort.or(base.effort),
            fail_on: self.fail_on.or(base.fail_on),
            errors: self.errors.or(base.errors),
            max_depth: self.max_depth.or(base.max_depth),
            max_bytes: self.max_bytes.or(base.max_bytes),
            max_time: self.max_time.or(base.max_time),
            redact: base.redact.and(self.redact.clone()),
            customs: [base.customs, self.customs.clone()].concat(),
        }
    }
}

#[derive(Default)]
struct Build {
    rules: Vec<PathRule>,
    keys: Vec<KeySpec>,
    texts: Vec<TextRule>,
    texts_everywhere: Vec<u16>,
    names: Vec<String>,
    problems: Vec<String>,
}

impl Build {
    fn name(&mut self, text: String) -> RuleId {
        self.names.push(text);
        // The number of rules is checked before any of them is used.
        (self.names.len() - 1) as RuleId
    }

    fn path(&mut self, what: &str, path: &str, effect: impl FnOnce(RuleId) -> Effect) {
        match path.parse::<Selector>() {
            Ok(selector) => {
                let id = self.name(format!("{what} {path}"));
                self.rules.push(PathRule {
                    selector,
                    effect: effect(id),
                });
            }
            Err(error) => self.problems.push(format!("{what}: {error}")),
        }
    }

    fn key(&mut self, key: &Key) {
        if key.by.is_empty() || key.by.iter().chain(&key.or).any(String::is_empty) {
            self.problems
                .push(format!("key {}: name at least one field", key.path));
        }
        let number = self.keys.len() as u16;
        let mut rule = 0;
        self.path(&format!("key {} for", key.by.join(",")), &key.path, |id| {
            rule = id;
            Effect::Key(number)
        });
        self.keys.push(KeySpec {
            by: key.by.clone(),
            or: key.or.clone(),
            rule,
        });
    }

    /// The rules for texts in the order in which they are applied.
    fn texts(&mut self, strings: &StringRules) {
        for replacement in &strings.replace {
            match replacement.compile() {
                Ok(change) => {
                    let path = replacement.path.as_deref();
                    self.text(&replacement.name(), change, path);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        for (name, change, places) in strings.simple() {
            if places.is_nowhere() {
                continue;
            }
            if !change.is_available() {
                self.problems.push(format!(
                    "{name}: this program was built without it; build cutover-domain with its \
                     feature `unicode`"
                ));
            }
            if places.is_everywhere() {
                self.text(name, change.clone(), None);
            }
            for path in places.paths() {
                self.text(name, change.clone(), Some(path));
            }
        }
    }

    fn text(&mut self, what: &str, change: TextChange, path: Option<&str>) {
        let number = self.texts.len() as u16;
        let mut rule = 0;
        match path {
            None => {
                rule = self.name(format!("{what} everywhere"));
                self.texts_everywhere.push(number);
            }
            Some(path) => self.path(what, path, |id| {
                rule = id;
                Effect::Text(number)
            }),
        }
        self.texts.push(TextRule { change, rule });
    }
}

impl Replacement {
    fn compile(&self) -> Result<TextChange, String> {
        match Regex::new(&self.pattern) {
            Ok(pattern) => Ok(TextChange::Replace {
                pattern,
                with: self.with.as_str().into(),
            }),
            Err(error) => Err(format!(
                "replace: `{}` is not a regular expression: {error}",
                self.pattern
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::comparison::{Preset, Rules};

    #[test]
    fn every_problem_is_named_at_once() {
        let error = Rules::new()
            .ignore("updated_at")
            .only("$[?@.x]")
            .key("$.items", Vec::<String>::new())
            .absolute(-1.0)
            .relative(1.5)
            .absolute_at("$.a", f64::NAN)
            .replace("$", "(", "")
            .trim("names")
            .build()
            .unwrap_err();
        assert_eq!(error.problems.len(), 8, "{error}");
        let text = error.to_string();
        for part in [
            "ignore: `updated_at` is not a path: a path starts with `$`",
            "filter expressions (`?`) are not supported",
            "key $.items: name at least one field",
            "absolute -1.0: a tolerance is a number from 0\n",
            "relative 1.5: a tolerance is a number from 0 and below 1",
            "absolute NaN at $.a: a tolerance is a number from 0",
            "replace: `(` is not a regular expression: ",
            "trim: `names` is not a path",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn what_is_said_comes_on_top_of_a_preset() {
        let rules = Rules::new()
            .preset(Preset::Lenient)
            .relative(0.5)
            .ignore("$.x")
            .unordered("$.y")
            .trim("$.z")
            .expand();
        let written = Rules::new()
            .unordered_everywhere()
            .absolute(1e-9)
            .relative(0.5)
            .tolerate_integers()
            .null_equals_missing()
            .ignore("$.x")
            .trim("$.z");
        assert_eq!(rules, written);
        for preset in Preset::ALL {
            assert_eq!(Preset::by_name(preset.name()), Some(preset));
            assert!(preset.rules().build().is_ok());
        }
    }
}
