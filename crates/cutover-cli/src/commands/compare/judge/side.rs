//! One side as it is recorded.

use cutover_domain::comparison::{Answer, Measurements, SideOutcome, SideRecord};
use serde_json::Value;

use crate::commands::compare::quantity::show_size;
use crate::runner::{Ending, Execution, Limits};

/// How much of an answer a record quotes.
const EXCERPT: usize = 400;

/// Why an execution gives nothing to compare.
pub(super) fn trouble(ending: &Ending, limits: &Limits) -> Option<String> {
    match ending {
        Ending::Failed(why) => Some(why.clone()),
        Ending::TooMuchOutput => Some(format!(
            "it wrote more than {} and was ended; allow more with --max-output",
            show_size(limits.output as u64)
        )),
        Ending::Stopped => Some("it was ended because the run was stopped".to_owned()),
        Ending::Exited(_) | Ending::Signalled(_) | Ending::TimedOut => None,
    }
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
            message: trouble(ending, limits).unwrap_or_default(),
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

/// Everything that is recorded of an execution.
pub(super) fn recorded(execution: &Execution, limits: &Limits) -> SideRecord {
    let mut side = SideRecord::new(outcome(&execution.ending, limits));
    side.answer = Answer::of_bytes(&execution.stdout)
        .with_excerpt(&beginning(&execution.stdout, EXCERPT * 2), EXCERPT);
    if !execution.stderr.is_empty() {
        side.messages = Some(String::from_utf8_lossy(&execution.stderr).into_owned());
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
            (execution.stderr_dropped > 0).then(|| execution.stderr_dropped.into()),
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
    use super::*;

    #[test]
    fn a_beginning_ends_with_a_letter() {
        assert_eq!(beginning("aé".as_bytes(), 2), "a");
        assert_eq!(beginning("aé".as_bytes(), 3), "aé");
        assert_eq!(beginning(b"a\xff", 9), "a\u{fffd}");
    }
}
