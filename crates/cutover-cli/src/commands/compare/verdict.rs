//! Judging a pair of executions: how they ended and what they wrote.

use std::sync::Arc;
use std::time::Instant;

use cutover_domain::comparison::{
    Answer, Comparator, Comparison, ComparisonRecord, Difference, DifferenceKind, Judgement,
    Measurements, RecordId, RecordLimits, RunId, Severity, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format, text_lines};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::quantity::show_size;
use super::run::ReadAs;
use crate::runner::{Ending, Execution, Limits, Pair};

/// How much of an answer a record quotes.
const EXCERPT: usize = 400;

/// What judging needs to know.
pub(super) struct Judge {
    pub(super) read_as: ReadAs,
    pub(super) comparator: Comparator,
    pub(super) kept: RecordLimits,
    pub(super) limits: Limits,
}

/// A pair, judged.
struct Verdict {
    judgement: Judgement,
    /// How the answers were read, in one word.
    read_as: &'static str,
}

/// Two answers as trees.
struct Read {
    old: Tree,
    new: Tree,
    read_as: &'static str,
}

impl Judge {
    /// A pair as it is saved; nothing when it was broken off.
    pub(super) fn record(
        &self,
        pair: &Pair<'_>,
        run: RunId,
        name: Arc<str>,
        now: Timestamp,
    ) -> Option<ComparisonRecord> {
        if [&pair.old, &pair.new]
            .iter()
            .any(|side| side.ending == Ending::Stopped)
        {
            return None;
        }
        let started = Instant::now();
        let Verdict { judgement, read_as } = self.verdict(pair);
        let took = started.elapsed();
        // The number keeps the order in which the pairs were planned.
        let id = RecordId::new(format!("{:08}", pair.number)).ok()?;
        let (old, new) = (self.side(&pair.old), self.side(&pair.new));
        let mut record = ComparisonRecord::new(run, id, name, now, old, new, judgement);
        record.case = Some(pair.case.name.clone());
        record.input_digest = pair.case.digest().ok();
        for (name, value) in [
            ("repeat", json!(pair.repeat)),
            ("first", json!(pair.first.name())),
            ("read_as", json!(read_as)),
            (
                "judging_ns",
                json!(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
            ),
        ] {
            record.unknown.insert(name.to_owned(), value);
        }
        Some(record)
    }

    fn verdict(&self, pair: &Pair<'_>) -> Verdict {
        let failed = |why: String| Verdict {
            judgement: Judgement::Failed(why),
            read_as: "none",
        };
        for (side, execution) in [("old", &pair.old), ("new", &pair.new)] {
            if let Some(why) = self.trouble(&execution.ending) {
                return failed(format!("{side}: {why}"));
            }
        }
        let old = self.outcome(&pair.old.ending);
        let new = self.outcome(&pair.new.ending);
        let timed_out = |outcome: &SideOutcome| matches!(outcome, SideOutcome::Timeout { .. });
        let (mut comparison, read_as) = match (timed_out(&old), timed_out(&new)) {
            (true, true) => {
                return failed(format!(
                    "neither side answered within {:?}; give them more with --timeout",
                    self.limits.timeout
                ));
            }
            (false, false) => match self.compare_answers(&pair.old.stdout, &pair.new.stdout) {
                Ok(compared) => compared,
                Err(why) => return failed(why),
            },
            // What a program wrote before it was ended is no answer.
            _ => (Comparison::same(), "none"),
        };
        if old.class() != new.class() {
            part_in_outcome(&mut comparison, &old, &new);
        }
        Verdict {
            judgement: Judgement::of(comparison, &self.kept),
            read_as,
        }
    }

    /// Why an execution gives nothing to compare.
    fn trouble(&self, ending: &Ending) -> Option<String> {
        match ending {
            Ending::Failed(why) => Some(why.clone()),
            Ending::TooMuchOutput => Some(format!(
                "it wrote more than {} and was ended; allow more with --max-output",
                show_size(self.limits.output as u64)
            )),
            Ending::Stopped => Some("it was ended because the run was stopped".to_owned()),
            Ending::Exited(_) | Ending::Signalled(_) | Ending::TimedOut => None,
        }
    }

    fn outcome(&self, ending: &Ending) -> SideOutcome {
        match ending {
            Ending::Exited(code) => SideOutcome::Exit { code: *code },
            Ending::Signalled(number) => SideOutcome::Signal { number: *number },
            Ending::TimedOut => SideOutcome::Timeout {
                after: Some(self.limits.timeout),
            },
            Ending::TooMuchOutput => SideOutcome::Error {
                class: "too much output".to_owned(),
                message: self.trouble(ending).unwrap_or_default(),
            },
            Ending::Stopped => SideOutcome::Error {
                class: "stopped".to_owned(),
                message: String::new(),
            },
            Ending::Failed(why) => SideOutcome::Error {
                class: "not run".to_owned(),
                message: why.clone(),
            },
        }
    }

    /// One side as it is recorded.
    fn side(&self, execution: &Execution) -> SideRecord {
        let mut side = SideRecord::new(self.outcome(&execution.ending));
        side.answer = Answer::of_bytes(&execution.stdout)
            .with_excerpt(&beginning(&execution.stdout, EXCERPT * 2), EXCERPT);
        if !execution.stderr.is_empty() {
            side.messages = Some(String::from_utf8_lossy(&execution.stderr).into_owned());
        }
        let mut note = |name: &str, value: Value| {
            side.unknown.insert(name.to_owned(), value);
        };
        if execution.stderr_dropped > 0 {
            note("messages_dropped_bytes", execution.stderr_dropped.into());
        }
        if execution.left_behind {
            note("left_behind", true.into());
        }
        if let Some(usage) = &execution.usage {
            note("measuring_floor_bytes", usage.floor.into());
            side.measurements = Measurements {
                wall: Some(usage.wall),
                cpu_user: Some(usage.user),
                cpu_system: Some(usage.system),
                peak_memory: usage.peak_memory,
                ..Measurements::default()
            };
        }
        side
    }

    fn compare_answers(
        &self,
        old: &[u8],
        new: &[u8],
    ) -> Result<(Comparison, &'static str), String> {
        let read = match self.read_as {
            ReadAs::Text => as_text(old, new),
            ReadAs::Json => return self.compare_as(Format::Json, old, new),
            ReadAs::Jsonl => return self.compare_as(Format::JsonLines, old, new),
            ReadAs::Auto if old == new => return Ok((Comparison::same(), "bytes")),
            ReadAs::Auto => automatically(old, new),
        };
        Ok((self.comparator.compare(&read.old, &read.new), read.read_as))
    }

    /// Compares in the format that was asked for. An answer that is not in it, or is nothing,
    /// differs from one that is.
    fn compare_as(
        &self,
        format: Format,
        old: &[u8],
        new: &[u8],
    ) -> Result<(Comparison, &'static str), String> {
        let sample = |bytes: &[u8]| quoted(bytes).excerpt(EXCERPT);
        let mut comparison = Comparison::same();
        let part = |kind, old, new| Difference {
            path: "$".to_owned(),
            new_path: None,
            kind,
            old,
            new,
            times: None,
            severity: Severity::Error,
        };
        match (Reading::of(format, old), Reading::of(format, new)) {
            (Reading::Value(old), Reading::Value(new)) => {
                comparison = self.comparator.compare(&old, &new);
            }
            (Reading::Nothing, Reading::Nothing) => {}
            (Reading::Value(tree), Reading::Nothing) => {
                let old = Some(tree.excerpt(EXCERPT));
                add(&mut comparison, part(DifferenceKind::Missing, old, None));
            }
            (Reading::Nothing, Reading::Value(tree)) => {
                let new = Some(tree.excerpt(EXCERPT));
                add(&mut comparison, part(DifferenceKind::Extra, None, new));
            }
            (Reading::Unreadable(old), Reading::Unreadable(new)) => {
                return Err(format!(
                    "neither answer is {format}, as was asked for: old: {old}; new: {new}"
                ));
            }
            (Reading::Unreadable(_), _) | (_, Reading::Unreadable(_)) => {
                let (old, new) = (Some(sample(old)), Some(sample(new)));
                add(&mut comparison, part(DifferenceKind::Type, old, new));
            }
        }
        Ok((comparison, format.name()))
    }
}

/// An answer in a format that was asked for.
enum Reading {
    Nothing,
    Value(Tree),
    Unreadable(String),
}

impl Reading {
    fn of(format: Format, bytes: &[u8]) -> Self {
        if bytes.trim_ascii().is_empty() {
            return Self::Nothing;
        }
        match read(format, bytes) {
            Ok(tree) => Self::Value(tree),
            Err(why) => Self::Unreadable(why),
        }
    }
}

/// Puts a difference first.
fn add(comparison: &mut Comparison, difference: Difference) {
    comparison.equal = false;
    comparison.counts.add(difference.kind);
    comparison.differences.insert(0, difference);
}

fn part_in_outcome(comparison: &mut Comparison, old: &SideOutcome, new: &SideOutcome) {
    let difference = Difference {
        path: "$".to_owned(),
        new_path: None,
        kind: DifferenceKind::Outcome,
        old: Some(Tree::string(told(old))),
        new: Some(Tree::string(told(new))),
        times: None,
        severity: Severity::Error,
    };
    add(comparison, difference);
}

fn told(outcome: &SideOutcome) -> String {
    match outcome {
        SideOutcome::Exit { code } => format!("exit status {code}"),
        other => other.to_string(),
    }
}

/// Objects and arrays only: that two programs write `1` and `1.0` must not pass for equal because
/// both happen to be JSON.
fn automatically(old: &[u8], new: &[u8]) -> Read {
    let structured = |bytes: &[u8]| matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    if structured(old) && structured(new) {
        if let (Ok(old), Ok(new)) = (read(Format::Json, old), read(Format::Json, new)) {
            return Read {
                old,
                new,
                read_as: "json",
            };
        }
        let all_structured = |bytes: &[u8]| {
            bytes
                .split(|byte| *byte == b'\n')
                .all(|line| line.trim_ascii().is_empty() || structured(line))
        };
        if all_structured(old)
            && all_structured(new)
            && let (Ok(old), Ok(new)) = (read(Format::JsonLines, old), read(Format::JsonLines, new))
        {
            return Read {
                old,
                new,
                read_as: "jsonl",
            };
        }
    }
    as_text(old, new)
}

fn read(format: Format, bytes: &[u8]) -> Result<Tree, String> {
    Document::new(bytes)
        .format(format)
        .read()
        .map_err(|error| error.to_string())
}

fn as_text(old: &[u8], new: &[u8]) -> Read {
    Read {
        old: lines(old),
        new: lines(new),
        read_as: "text",
    }
}

fn lines(bytes: &[u8]) -> Tree {
    text_lines(bytes).unwrap_or_else(|_| quoted(bytes))
}

fn quoted(bytes: &[u8]) -> Tree {
    match std::str::from_utf8(bytes) {
        Ok(text) => Tree::string(text),
        Err(_) => Tree::string(bytes.escape_ascii().to_string()),
    }
}

/// The first bytes as text, cut where a letter ends.
fn beginning(bytes: &[u8], limit: usize) -> String {
    let kept = &bytes[..bytes.len().min(limit)];
    let text = String::from_utf8_lossy(kept).into_owned();
    if kept.len() < bytes.len() {
        // The cut may have gone through a letter.
        return text
            .trim_end_matches(char::REPLACEMENT_CHARACTER)
            .to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::{RecordResult, Rules};
    use std::time::Duration;

    use super::*;

    fn judge(read_as: ReadAs) -> Judge {
        Judge {
            read_as,
            comparator: Rules::new().build().unwrap(),
            kept: RecordLimits::default(),
            limits: Limits {
                timeout: Duration::from_secs(30),
                output: 1 << 20,
            },
        }
    }

    /// Whether the answers are equal, and how they were read.
    fn compared(read_as: ReadAs, old: &[u8], new: &[u8]) -> Result<(bool, &'static str), String> {
        judge(read_as)
            .compare_answers(old, new)
            .map(|(comparison, read_as)| (comparison.equal, read_as))
    }

    #[test]
    fn answers_are_read_as_json_only_when_both_are_structured() {
        for (old, new, expected) in [
            ("{\"a\": 1}", "{ \"a\":1.0 }\n", (true, "json")),
            ("[1]", "[2]", (false, "json")),
            ("1", "1.0", (false, "text")),
            ("\"a\"", "\"\\u0061\"", (false, "text")),
            (
                "{\"a\":1}\n{\"a\":2}\n",
                "{\"a\": 1}\n{\"a\": 2}",
                (true, "jsonl"),
            ),
            ("{\"a\":1}", "{\"a\":1", (false, "text")),
            ("{\"a\":1,\"a\":2}", "{\"a\":2}", (false, "text")),
            ("same", "same", (true, "bytes")),
            ("", "x", (false, "text")),
        ] {
            let found = compared(ReadAs::Auto, old.as_bytes(), new.as_bytes());
            assert_eq!(found, Ok(expected), "{old} {new}");
        }
    }

    #[test]
    fn of_text_every_byte_counts() {
        for (old, new) in [
            (&b"a\n"[..], &b"a"[..]),
            (b"a\n", b"a\r\n"),
            (b"\xff", b"\\xff"),
            (b"\xff", b"\xfe"),
            (b"", b"\n"),
            (b"\xff", b"{\"bytes\":\"\\\\xff\"}"),
        ] {
            assert_eq!(
                compared(ReadAs::Text, old, new),
                Ok((false, "text")),
                "{old:?} {new:?}"
            );
            assert_eq!(
                compared(ReadAs::Text, old, old),
                Ok((true, "text")),
                "{old:?}"
            );
        }
    }

    #[test]
    fn a_format_that_was_asked_for_is_held_to() {
        assert_eq!(compared(ReadAs::Json, b"1", b"1.0"), Ok((true, "json")));
        assert_eq!(compared(ReadAs::Json, b"1", b"oops"), Ok((false, "json")));
        assert_eq!(compared(ReadAs::Json, b"", b"\n"), Ok((true, "json")));
        assert_eq!(compared(ReadAs::Json, b"", b"null"), Ok((false, "json")));
        assert_eq!(compared(ReadAs::Json, b"[1]", b""), Ok((false, "json")));
        assert_eq!(
            compared(ReadAs::Json, b"abc", b"\"abc\""),
            Ok((false, "json"))
        );
        let error = compared(ReadAs::Json, b"oops", b"oops").unwrap_err();
        assert!(
            error.contains("old: ") && error.contains("new: "),
            "{error}"
        );
        assert_eq!(
            compared(ReadAs::Jsonl, b"1\n2\n", b"1.0\n2"),
            Ok((true, "jsonl"))
        );
    }

    fn execution(ending: Ending, stdout: &str) -> Execution {
        Execution {
            ending,
            stdout: stdout.into(),
            stderr: Vec::new(),
            stderr_dropped: 0,
            usage: None,
            left_behind: false,
        }
    }

    #[test]
    fn ends_are_answers_and_what_was_not_run_is_none() {
        let case = crate::runner::Case::for_test("a");
        let exited = |code| Ending::Exited(code);
        for (old, new, expected) in [
            (exited(0), exited(0), RecordResult::Equal),
            (exited(3), exited(3), RecordResult::Equal),
            (exited(0), exited(3), RecordResult::Different),
            (exited(139), Ending::Signalled(11), RecordResult::Different),
            (
                Ending::Signalled(11),
                Ending::Signalled(11),
                RecordResult::Equal,
            ),
            (exited(0), Ending::TimedOut, RecordResult::Different),
            (Ending::TimedOut, Ending::TimedOut, RecordResult::Failed),
            (
                Ending::TooMuchOutput,
                Ending::TooMuchOutput,
                RecordResult::Failed,
            ),
            (exited(0), Ending::Failed("no".into()), RecordResult::Failed),
        ] {
            let told = format!("{old:?} {new:?}");
            let pair = Pair {
                number: 0,
                case: &case,
                repeat: 0,
                first: cutover_domain::Side::Old,
                old: execution(old, "x"),
                new: execution(new, "x"),
            };
            let judgement = judge(ReadAs::Auto).verdict(&pair).judgement;
            assert_eq!(judgement.result(), expected, "{told}");
        }
    }

    #[test]
    fn a_beginning_ends_with_a_letter() {
        assert_eq!(beginning("aé".as_bytes(), 2), "a");
        assert_eq!(beginning("aé".as_bytes(), 3), "aé");
        assert_eq!(beginning(b"a\xff", 9), "a\u{fffd}");
    }
}
