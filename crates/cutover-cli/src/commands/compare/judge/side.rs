//! One side as it is recorded.

use cutover_domain::comparison::{
    Answer, Measurements, Redaction, SideOutcome, SideRecord, excerpt,
};
use cutover_domain::tree::{Tree, TreeBuilder};
use serde_json::Value;

use super::reading::{ReadAs, quotable};
use crate::commands::compare::quantity::show_size;
use crate::runner::{Ending, Execution, Limits};

/// How much of an answer a record quotes.
const EXCERPT: usize = 400;
/// How much of what a program says of its end.
const REASON: usize = 200;

/// Why an execution gives nothing to compare.
pub(super) fn trouble(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Failed(why) => Some(why.clone()),
        Ending::Stopped => Some("it was ended because the run was stopped".to_owned()),
        Ending::Exited(_)
        | Ending::Signalled(_)
        | Ending::TimedOut
        | Ending::TooMuchOutput
        | Ending::LeftOpen => None,
    }
}

/// Whether what a program answers has met a limit before its end.
pub(super) fn is_cut_off(ending: &Ending) -> bool {
    matches!(
        ending,
        Ending::TimedOut | Ending::TooMuchOutput | Ending::LeftOpen
    )
}

/// Why there is nothing to compare where both were ended at a limit.
pub(super) fn neither_answered(endings: [&Ending; 2], limits: &Limits) -> String {
    let within = format!("within {:?}; give them more with --timeout", limits.timeout);
    let size = show_size(limits.output as u64);
    let fitting = format!("with at most {size}; allow more with --max-output");
    match endings {
        [Ending::TimedOut, Ending::TimedOut] => format!("neither side answered {within}"),
        [Ending::TooMuchOutput, Ending::TooMuchOutput] => {
            format!("neither side answered {fitting}")
        }
        [Ending::LeftOpen, Ending::LeftOpen] => {
            format!(
                "neither side's answer came to its end: {}",
                left_open(limits)
            )
        }
        [Ending::LeftOpen, _] | [_, Ending::LeftOpen] => {
            format!(
                "neither side answered {within}; of one, {}",
                left_open(limits)
            )
        }
        _ => format!("neither side answered: one not {within}, the other not {fitting}"),
    }
}

/// Why the answer of a program that has ended is not known.
fn left_open(limits: &Limits) -> String {
    format!(
        "processes that it left behind held its output open for all of {:?}; send theirs elsewhere \
         (>/dev/null), end them, or allow more with --timeout",
        limits.timeout
    )
}

pub(super) fn outcome(ending: &Ending, limits: &Limits) -> SideOutcome {
    match ending {
        Ending::Exited(code) => SideOutcome::Exit { code: *code },
        Ending::Signalled(number) => SideOutcome::Signal { number: *number },
        Ending::TimedOut => SideOutcome::Timeout {
            after: Some(limits.timeout),
        },
        Ending::TooMuchOutput => SideOutcome::Error {
            class: "too much output".to_owned(),
            message: format!(
                "it wrote more than {} and was ended; allow more with --max-output",
                show_size(limits.output as u64)
            ),
        },
        Ending::LeftOpen => SideOutcome::Error {
            class: "output left open".to_owned(),
            message: left_open(limits),
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

/// How a program ended, for people.
pub(super) fn told(outcome: &SideOutcome) -> String {
    match outcome {
        SideOutcome::Exit { code } => format!("exit status {code}"),
        other => other.to_string(),
    }
}

/// How a program ended, and what it said about it.
pub(super) fn explained(outcome: &SideOutcome, execution: &Execution) -> String {
    let told = told(outcome);
    let reason = (!outcome.is_ok())
        .then(|| reason(&execution.stderr, execution.stderr_dropped > 0))
        .flatten();
    match reason {
        Some(reason) => format!("{told}: {reason}"),
        None => told,
    }
}

/// The line of a program's messages that says what went wrong: the first, but the last of a trace
/// (the calls stand before the error there) and of what is not there from its beginning.
fn reason(messages: &[u8], cut: bool) -> Option<String> {
    let text = String::from_utf8_lossy(messages);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let is_trace = first.starts_with("Traceback (most recent call last)");
    let line = if cut || is_trace {
        lines.next_back()
    } else {
        None
    };
    Some(excerpt(line.unwrap_or(first), REASON))
}

/// What is recorded of an answer: its digest, and how it begins as far as that may be kept. `member`
/// is its place in what the rules are written for.
pub(super) fn answer(
    bytes: &[u8],
    read_as: &ReadAs,
    redaction: &Redaction,
    member: Option<&str>,
) -> Answer {
    let answer = Answer::of_bytes(bytes);
    if redaction.is_empty() {
        return answer.with_excerpt(&beginning(bytes, EXCERPT * 2), EXCERPT);
    }
    if !redaction.needs_structure() {
        let text = redaction.text(&String::from_utf8_lossy(bytes)).into_owned();
        return answer.with_excerpt(&text, EXCERPT);
    }
    match quotable(read_as, bytes).and_then(|tree| redacted(&tree, redaction, member)) {
        Some(tree) => answer.with_excerpt(&tree.to_json(), EXCERPT),
        None => answer,
    }
}

/// A tree redacted at its place, unless nothing is left of it.
fn redacted(tree: &Tree, redaction: &Redaction, member: Option<&str>) -> Option<Tree> {
    let Some(member) = member else {
        return Some(redaction.tree(tree).tree);
    };
    let mut builder = TreeBuilder::new();
    builder.begin_object();
    builder.key(member);
    builder.value(tree.root());
    // One member cannot be there twice.
    let _ = builder.end_object();
    let whole = redaction.tree(&builder.finish().ok()?).tree;
    whole.root().get(member).map(|node| node.to_tree())
}

/// Everything that is recorded of an execution, but its answer.
pub(super) fn recorded(execution: &Execution, limits: &Limits) -> SideRecord {
    let mut side = SideRecord::new(outcome(&execution.ending, limits));
    // What is kept to be compared may be more than anybody reads.
    let surplus = execution.stderr.len().saturating_sub(Limits::MESSAGES);
    let dropped = execution.stderr_dropped + surplus as u64;
    let messages = &execution.stderr[surplus..];
    if !messages.is_empty() {
        side.messages = Some(String::from_utf8_lossy(messages).into_owned());
    }
    if let Some(usage) = &execution.usage {
        side.measurements = Measurements {
            wall: Some(usage.wall),
            cpu_user: Some(usage.user),
            cpu_system: Some(usage.system),
            peak_memory: usage.peak_memory,
            ..Measurements::default()
        };
    }
    side.measurements.counters = execution.counters.counts.clone();
    let notes = [
        (
            "messages_dropped_bytes",
            (dropped > 0).then(|| dropped.into()),
        ),
        ("left_behind", execution.left_behind.then(|| true.into())),
        (
            "measuring_floor_bytes",
            execution.usage.map(|usage| usage.floor.into()),
        ),
        (
            "counters_problem",
            execution.counters.problem.clone().map(Value::String),
        ),
    ];
    for (name, value) in notes {
        let note = value.map(|value| (name.to_owned(), value));
        side.unknown.extend(note);
    }
    side
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
    use cutover_domain::comparison::{RedactAction, RedactionRules};

    use super::*;

    #[test]
    fn an_answer_is_quoted_as_far_as_it_may_be_kept() {
        let by_path = |path: &str| {
            let rules = RedactionRules::new().path(path, RedactAction::Mask);
            rules.build().unwrap()
        };
        let quote = |bytes: &str, redaction: &Redaction, member| {
            answer(bytes.as_bytes(), &ReadAs::Auto, redaction, member).excerpt
        };
        let json = "{\"user\": \"ann\", \"n\": 1}\n";
        let masked = Some("{\"user\":\"[redacted]\",\"n\":1}".to_owned());
        assert_eq!(quote(json, &by_path("$.user"), None), masked);
        assert_eq!(
            quote(json, &by_path("$.stdout.user"), Some("stdout")),
            masked
        );
        assert_eq!(quote(json, &Redaction::default(), None).unwrap(), json);
        // What cannot be read has no places that could be masked.
        assert_eq!(quote("{\"user\": \"ann", &by_path("$.user"), None), None);
        let text = RedactionRules::new().text("a.n", RedactAction::Mask);
        let text = text.build().unwrap();
        assert_eq!(quote("by ann", &text, None).unwrap(), "by [redacted]");
    }

    #[test]
    fn the_line_that_says_why_is_found() {
        let reason = |text: &str, cut| reason(text.as_bytes(), cut);
        for (text, cut, expected) in [
            ("\n jq: error: no\nmore\n", false, Some("jq: error: no")),
            (
                "Traceback (most recent call last):\n  File\nKeyError: 'a'\n",
                false,
                Some("KeyError: 'a'"),
            ),
            ("f a line\nthe end", true, Some("the end")),
            (" \n", false, None),
            ("", true, None),
        ] {
            assert_eq!(reason(text, cut).as_deref(), expected, "{text}");
        }
        assert_eq!(
            reason(&"x".repeat(500), false)
                .unwrap()
                .chars()
                .filter(|c| *c == 'x')
                .count(),
            200
        );
    }

    #[test]
    fn a_beginning_ends_with_a_letter() {
        assert_eq!(beginning("aé".as_bytes(), 2), "a");
        assert_eq!(beginning("aé".as_bytes(), 3), "aé");
        assert_eq!(beginning(b"a\xff", 9), "a\u{fffd}");
    }
}
