//! Rules made ready, and the comparison they make.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::difference::{
    Comparison, Counts, Difference, DifferenceKind, RuleHit, Severity, SeverityCounts,
};
use super::engine::{self, Numbers, PathRule, RuleId, TextRule, Tolerance};
use super::outcome::Outcome;
use super::redaction::Redaction;
use super::rules::{Compare, Rules};
use crate::tree::{Tree, TreeBuilder};

/// Compares answers by a fixed set of rules. Cheap to clone, free to share.
///
/// ```
/// use cutover_domain::comparison::{DifferenceKind, Rules};
/// use cutover_domain::tree::Tree;
///
/// let comparator = Rules::new().unordered_everywhere().ignore("$..at").build()?;
/// let old = Tree::from_json(r#"{"rows": [{"id": 1, "n": 10}, {"id": 2, "n": 20}], "at": "09:00"}"#)?;
/// let new = Tree::from_json(r#"{"rows": [{"id": 2, "n": 21}, {"id": 1, "n": 10}], "at": "09:01"}"#)?;
///
/// let comparison = comparator.compare(&old, &new);
/// assert!(!comparison.equal && comparison.exact);
/// let difference = &comparison.differences[0];
/// assert_eq!(difference.to_string(), "$.rows[1].n (new: $.rows[0].n): value 20 → 21");
/// assert_eq!(difference.kind, DifferenceKind::Value);
/// assert_eq!(comparison.hidden[0].rule, "unordered everywhere");
/// assert_eq!(comparison.hidden[1].rule, "ignore $..at");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparator(Arc<Compiled>);

/// How the members of a collection are paired.
#[derive(Debug)]
pub(super) struct KeySpec {
    pub(super) by: Vec<String>,
    pub(super) or: Vec<String>,
    pub(super) rule: RuleId,
}

/// A comparison of the caller's own.
pub(super) struct CustomRule {
    pub(super) compare: Arc<Compare>,
    pub(super) rule: RuleId,
}

impl fmt::Debug for CustomRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomRule").field(&self.rule).finish()
    }
}

impl Compiled {
    /// Whether values of one hash may still differ, so that who goes with whom must be found.
    pub(super) fn fuzzy(&self) -> bool {
        self.tolerant || !self.customs.is_empty()
    }

    pub(super) fn rule_name(&self, rule: RuleId) -> &str {
        let name = self.rule_names.get(usize::from(rule));
        name.map_or("", String::as_str)
    }

    /// What is hidden, with the rules' names.
    pub(super) fn named(&self, hits: impl IntoIterator<Item = (RuleId, u64)>) -> Vec<RuleHit> {
        let hit = |(rule, hidden)| RuleHit {
            rule: self.rule_name(rule).to_owned(),
            hidden,
        };
        hits.into_iter().map(hit).collect()
    }
}

/// The rule that `1` equals `1.0`, which always has this number.
pub(super) const NUMBER_FORM: RuleId = 0;

/// Checked rules in the form the engine asks for.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) rules: Vec<PathRule>,
    pub(super) keys: Vec<KeySpec>,
    pub(super) rule_names: Vec<String>,
    pub(super) numbers: Numbers,
    pub(super) tolerances: Vec<Tolerance>,
    /// Whether numbers may differ anywhere.
    pub(super) tolerant: bool,
    /// The rules for texts in the order in which they are applied, and which hold everywhere.
    pub(super) texts: Vec<TextRule>,
    pub(super) texts_everywhere: Vec<u16>,
    pub(super) customs: Vec<CustomRule>,
    pub(super) null_rule: Option<RuleId>,
    pub(super) errors_by_class: Option<RuleId>,
    pub(super) fail_on: Severity,
    pub(super) everywhere: Option<RuleId>,
    pub(super) only_rule: Option<RuleId>,
    pub(super) limit: usize,
    pub(super) sample_bytes: usize,
    pub(super) effort: u64,
    pub(super) max_depth: usize,
    pub(super) max_bytes: u64,
    pub(super) max_time: Option<Duration>,
    pub(super) redaction: Redaction,
}

impl Default for Compiled {
    /// No rules.
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            keys: Vec::new(),
            rule_names: vec!["1 equals 1.0".to_owned()],
            numbers: Numbers::default(),
            tolerances: Vec::new(),
            tolerant: false,
            texts: Vec::new(),
            texts_everywhere: Vec::new(),
            customs: Vec::new(),
            null_rule: None,
            errors_by_class: None,
            fail_on: Severity::Info,
            everywhere: None,
            only_rule: None,
            limit: Rules::DEFAULT_LIMIT,
            sample_bytes: Rules::DEFAULT_SAMPLE_BYTES,
            effort: Rules::DEFAULT_EFFORT,
            max_depth: usize::MAX,
            max_bytes: u64::MAX,
            max_time: None,
            redaction: Redaction::default(),
        }
    }
}

impl Default for Comparator {
    /// The comparator without rules.
    fn default() -> Self {
        Self::new(Compiled::default())
    }
}

impl Comparator {
    pub(super) fn new(compiled: Compiled) -> Self {
        Self(Arc::new(compiled))
    }

    /// Every difference between two answers, and what the rules hid.
    ///
    /// Takes time proportional to the size of both, whatever their order, plus the effort allowed
    /// for aligning and pairing what does not match.
    #[must_use]
    pub fn compare(&self, old: &Tree, new: &Tree) -> Comparison {
        engine::compare(&self.0, old, new, &|| false)
    }

    /// As [`compare`](Self::compare), until `stop` says so. Then the answer is not exact and names
    /// what was not looked at.
    ///
    /// `stop` is asked every few thousand values; a deadline is a function that looks at a clock.
    ///
    /// ```
    /// use cutover_domain::comparison::Comparator;
    /// use cutover_domain::tree::Tree;
    ///
    /// let (old, new) = (Tree::from_json("[1, 2]")?, Tree::from_json("[1, 3]")?);
    /// let comparison = Comparator::default().compare_until(&old, &new, &|| true);
    /// assert!(!comparison.equal && !comparison.exact);
    /// assert_eq!(comparison.inexact[0].path, "$");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compare_until(&self, old: &Tree, new: &Tree, stop: &dyn Fn() -> bool) -> Comparison {
        engine::compare(&self.0, old, new, stop)
    }

    /// How long a comparison may take by the rules; for the caller to keep, with
    /// [`compare_until`](Self::compare_until).
    #[must_use]
    pub fn max_time(&self) -> Option<Duration> {
        self.0.max_time
    }

    /// What must not be kept of an answer. The differences that this comparator reports are
    /// redacted already; everything else that is kept beside them is for the caller to redact.
    #[must_use]
    pub fn redaction(&self) -> &Redaction {
        &self.0.redaction
    }

    /// As [`compare`](Self::compare), for answers that may be errors: failing the same way is a
    /// match, anything else that is not an answer on both sides is one difference of kind
    /// [`Outcome`](DifferenceKind::Outcome).
    ///
    /// Failures are the same by class and message; the rules for texts that hold everywhere hold
    /// for the message, and by [`Rules::errors_by_class`] it does not count.
    #[must_use]
    pub fn compare_outcomes(&self, old: &Outcome, new: &Outcome) -> Comparison {
        self.compare_outcomes_until(old, new, &|| false)
    }

    /// As [`compare_outcomes`](Self::compare_outcomes), until `stop` says so; see
    /// [`compare_until`](Self::compare_until).
    #[must_use]
    pub fn compare_outcomes_until(
        &self,
        old: &Outcome,
        new: &Outcome,
        stop: &dyn Fn() -> bool,
    ) -> Comparison {
        match (old, new) {
            (Outcome::Ok(old), Outcome::Ok(new)) => return self.compare_until(old, new, stop),
            (
                Outcome::Error { class, message },
                Outcome::Error {
                    class: new_class,
                    message: new_message,
                },
            ) if class == new_class => {
                if let Some(hidden) = self.same_message(message, new_message) {
                    return Comparison {
                        hidden,
                        ..Comparison::same()
                    };
                }
            }
            _ => {}
        }
        let severity = engine::severity_of_whole(&self.0);
        let mut counts = Counts::default();
        counts.add(DifferenceKind::Outcome);
        let mut by_severity = SeverityCounts::default();
        by_severity.add(severity);
        let mut differences = vec![Difference {
            path: "$".to_owned(),
            new_path: None,
            kind: DifferenceKind::Outcome,
            old: Some(self.sample(old)),
            new: Some(self.sample(new)),
            times: None,
            severity,
        }];
        differences.truncate(self.0.limit);
        Comparison {
            equal: severity < self.0.fail_on,
            truncated: differences.is_empty(),
            counts,
            by_severity,
            differences,
            ..Comparison::same()
        }
    }

    /// What rules hid of two messages that are the same under them.
    fn same_message(&self, old: &str, new: &str) -> Option<Vec<RuleHit>> {
        if old == new {
            return Some(Vec::new());
        }
        let mut hits = Vec::new();
        if !engine::same_everywhere(&self.0, old, new, &mut hits) {
            hits.push(self.0.errors_by_class?);
        }
        Some(self.0.named(hits.into_iter().map(|rule| (rule, 1))))
    }

    /// `{"ok": …}` or `{"error": {"class": …, "message": …}}`, redacted and bounded.
    fn sample(&self, outcome: &Outcome) -> Tree {
        let Compiled {
            redaction,
            sample_bytes,
            ..
        } = &*self.0;
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        match outcome {
            Outcome::Ok(value) => {
                builder.key("ok");
                builder.value(redaction.tree(value).tree.excerpt(*sample_bytes).root());
            }
            Outcome::Error { class, message } => {
                builder.key("error");
                builder.begin_object();
                for (name, text) in [("class", class), ("message", message)] {
                    builder.key(name);
                    let text = Tree::string(redaction.text(text));
                    builder.value(text.excerpt(*sample_bytes).root());
                }
                // Two different keys.
                builder.end_object().ok();
            }
        }
        builder.end_object().ok();
        builder.finish().unwrap_or_else(|_| Tree::null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(class: &str, message: &str) -> Outcome {
        Outcome::Error {
            class: class.to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn failing_the_same_way_is_a_match() {
        let comparator = Comparator::default();
        let same =
            comparator.compare_outcomes(&failure("NotFound", "no x"), &failure("NotFound", "no x"));
        assert!(same.equal);
        for other in [
            failure("NotFound", "no y"),
            failure("Denied", "no x"),
            Outcome::Ok(Tree::null()),
        ] {
            let comparison = comparator.compare_outcomes(&failure("NotFound", "no x"), &other);
            assert!(!comparison.equal);
            assert_eq!(
                (comparison.counts.outcome, comparison.counts.total()),
                (1, 1)
            );
        }
    }

    #[test]
    fn messages_are_texts_and_may_not_count() {
        let at = |address: &str| failure("Panic", &format!("at {address}: index 7 "));
        let replace = Rules::new().replace("$", "0x[0-9a-f]+", "_").trim("$");
        for (rules, hidden) in [
            (replace.clone(), "replace /0x[0-9a-f]+/_/ everywhere"),
            (Rules::new().errors_by_class(), "errors by class"),
        ] {
            let comparator = rules.build().unwrap();
            let same = comparator.compare_outcomes(&at("0xaf"), &at("0x12"));
            assert!(same.equal, "{same:?}");
            assert_eq!((&*same.hidden[0].rule, same.hidden[0].hidden), (hidden, 1));
            assert!(
                !comparator
                    .compare_outcomes(&at("0x1"), &failure("Other", "x"))
                    .equal
            );
            assert!(
                !comparator
                    .compare_outcomes(&at("0x1"), &Outcome::Ok(Tree::null()))
                    .equal
            );
        }
        let comparator = replace.build().unwrap();
        assert!(
            !comparator
                .compare_outcomes(&at("0x1"), &failure("Panic", "other"))
                .equal
        );
    }

    #[test]
    fn how_much_a_failure_matters_is_what_the_whole_matters() {
        let rules = Rules::new()
            .severity("$", Severity::Warning)
            .fail_on(Severity::Error);
        let comparison = rules
            .build()
            .unwrap()
            .compare_outcomes(&Outcome::Ok(Tree::null()), &failure("Timeout", ""));
        assert!(comparison.equal);
        assert_eq!(comparison.worst(), Some(Severity::Warning));
    }

    #[test]
    fn a_failure_against_an_answer_shows_both() {
        let comparison = Comparator::default().compare_outcomes(
            &Outcome::Ok(Tree::integer(3)),
            &failure("Timeout", "after 30 s"),
        );
        assert_eq!(
            comparison.differences[0].to_string(),
            r#"$: outcome {"ok":3} → {"error":{"class":"Timeout","message":"after 30 s"}}"#
        );
    }

    #[test]
    fn a_comparator_is_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>(_: &T) {}
        shared(&Comparator::default());
    }
}
