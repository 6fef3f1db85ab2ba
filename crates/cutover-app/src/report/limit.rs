//! Limits of performance, in words: what became of those that were set, and what is drawn beside the
//! usual ones.

use cutover_domain::comparison::performance::{Answer, Verdict};
use cutover_domain::comparison::report::Report;

use super::figure::{count, counted, cut, ratio, visible};

/// What became of the limits of performance: `of 8 limits of performance 6 are kept, 1 is broken, 1
/// is open`.
pub(super) fn performance(report: &Report) -> Option<String> {
    let (all, mut of) = (report.limits.len() as u64, [0; 3]);
    for limit in &report.limits {
        of[limit.judged.answer as usize] += 1;
    }
    let [kept, broken, open] = of;
    let parts = [(kept, "kept"), (broken, "broken"), (open, "open")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| {
            let verb = if number == 1 { "is" } else { "are" };
            format!("{} {verb} {what}", count(number))
        })
        .collect();
    (all > 0).then(|| {
        let limits = counted(all, "limit", "limits");
        format!("of {limits} of performance {}", parts.join(", "))
    })
}

/// So many limits are listed.
const LIMITS: usize = 50;

/// The limits that were set, each in words, and how many more there are: what became of it, what was
/// found, and of which of several runs.
pub(super) fn limits(report: &Report) -> (Vec<[String; 2]>, u64) {
    let shown = report.limits.iter().take(LIMITS).map(|limit| {
        let answer = match limit.judged.answer {
            Answer::Pass => "kept",
            Answer::Fail => "broken",
            Answer::Insufficient => "open",
        };
        let of = match (&limit.run, report.runs.len()) {
            (Some(run), 2..) => format!(" (run {run})"),
            _ => String::new(),
        };
        let said = cut(&visible(&limit.judged.said), 400);
        [answer.to_owned(), format!("{said}{of}")]
    });
    let more = report.limits.len().saturating_sub(LIMITS);
    (shown.collect(), more as u64)
}

/// What is to be known of a table of figures beside the limits: of which records it is.
pub(super) fn of_records(report: &Report) -> Option<String> {
    let gone = report.coverage.without_record;
    let of_runs = report.limits.iter().any(|limit| limit.run.is_some());
    let left = report.coverage.made.saturating_sub(gone);
    (gone > 0).then(|| {
        let left = counted(left, "record", "records");
        let judged = match of_runs {
            true => "; the limits were judged when the run ended",
            false => "",
        };
        format!("the figures are of the {left} that are left{judged}")
    })
}

/// An interval of ratios, and what would decide it: `0.598× to 0.604×`.
pub(super) fn reach(verdict: &Verdict) -> String {
    let shown = |bound: f64| format!("{}×", ratio(bound));
    let mut text = match (verdict.low, verdict.high) {
        (Some(low), Some(high)) => format!("{} to {}", shown(low), shown(high)),
        (Some(low), None) => format!("from {}", shown(low)),
        _ => "too few pairs".to_owned(),
    };
    match (verdict.answer, verdict.needed) {
        (Answer::Insufficient, Some(needed)) => {
            let pairs = counted(needed, "more pair", "more pairs");
            text += &format!(", about {pairs} needed");
        }
        (Answer::Insufficient, None) => text += ", more pairs will hardly decide",
        _ => {}
    }
    text
}

/// What became of a limit, in one word. One that nobody has set cannot be broken.
pub(super) fn kept(verdict: &Verdict) -> &'static str {
    match (verdict.answer, verdict.usual) {
        (Answer::Pass, false) => "kept",
        (Answer::Pass, true) => "within",
        (Answer::Fail, false) => "broken",
        (Answer::Fail, true) => "above",
        (Answer::Insufficient, _) => "open",
    }
}
