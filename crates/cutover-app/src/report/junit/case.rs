//! One test case: what is said of a comparison.

use std::io::{self, Write};

use cutover_domain::comparison::noise::Reading;
use cutover_domain::comparison::{ComparisonRecord, Judgement, RecordResult};
use quick_xml::Writer;
use quick_xml::events::{BytesStart, BytesText, Event};

use super::super::figure::{counted, cut, place, visible};
use super::{DIFFERENCES, LINE};

/// What is said of a test case that is not simply passed.
pub(super) struct Outcome {
    pub(super) element: &'static str,
    pub(super) kind: Option<&'static str>,
    pub(super) message: String,
    pub(super) body: String,
}

/// The element and the type of a case that did not pass.
pub(super) fn ended_as(result: RecordResult) -> Option<(&'static str, &'static str)> {
    match result {
        RecordResult::Equal => None,
        RecordResult::Different => Some(("failure", "different")),
        RecordResult::Inexact => Some(("error", "inexact")),
        RecordResult::Failed => Some(("error", "failed")),
    }
}

/// What is said of a comparison that ended so, but for noise.
pub(super) fn outcome(record: &ComparisonRecord, result: RecordResult) -> Option<Outcome> {
    let (element, kind) = ended_as(result)?;
    let (message, body) = match &record.judgement {
        Judgement::Failed(why) => (cut(&visible(why), LINE), String::new()),
        Judgement::Compared(comparison) => {
            let shown = comparison.differences.iter().take(DIFFERENCES);
            let mut lines: Vec<String> = shown
                .map(|difference| cut(&visible(&difference.to_string()), LINE))
                .collect();
            let all = comparison.counts.total();
            let more = all.saturating_sub(lines.len() as u64);
            if more > 0 && !lines.is_empty() {
                lines.push(format!(
                    "and {}",
                    counted(more, "more difference", "more differences")
                ));
            }
            lines.extend(
                comparison
                    .inexact
                    .iter()
                    .take(DIFFERENCES)
                    .map(|undecided| {
                        let text = format!(
                            "{}: not decided: {}",
                            place(&undecided.path),
                            undecided.what
                        );
                        cut(&visible(&text), LINE)
                    }),
            );
            let message = match all {
                0 => lines
                    .first()
                    .cloned()
                    .unwrap_or_else(|| "not compared to the end".into()),
                _ => counted(all, "difference", "differences"),
            };
            (message, lines.join("\n"))
        }
    };
    Some(Outcome {
        element,
        kind: Some(kind),
        message,
        body,
    })
}

/// What a case says besides: what was hidden in it.
pub(super) fn asides(record: &ComparisonRecord, reading: Reading) -> Vec<String> {
    let mut lines = Vec::new();
    if reading.hidden > 0 {
        let hidden = counted(reading.hidden, "difference", "differences");
        lines.push(format!(
            "{hidden} at places where old differs from itself as often: noise, which does not count"
        ));
    }
    if reading.result == RecordResult::Equal && reading.hidden > 0 {
        let differences = record.judgement.differences().iter().take(DIFFERENCES);
        lines.extend(differences.map(|found| cut(&visible(&found.to_string()), LINE)));
    }
    for hit in record.judgement.hidden().iter().take(DIFFERENCES) {
        let rule = cut(&visible(&hit.rule), LINE);
        lines.push(format!(
            "hidden by {rule}: {}",
            counted(hit.hidden, "difference", "differences")
        ));
    }
    lines
}

pub(super) fn write_case(
    xml: &mut Writer<impl Write>,
    case: BytesStart<'_>,
    outcome: Option<Outcome>,
    asides: &[String],
) -> io::Result<()> {
    new_line(xml)?;
    if outcome.is_none() && asides.is_empty() {
        return xml.write_event(Event::Empty(case));
    }
    xml.write_event(Event::Start(case.borrow()))?;
    if let Some(outcome) = outcome {
        let mut element = BytesStart::new(outcome.element);
        element.push_attribute(("message", outcome.message.as_str()));
        if let Some(kind) = outcome.kind {
            element.push_attribute(("type", kind));
        }
        write_text(xml, element, &outcome.body)?;
    }
    if !asides.is_empty() {
        write_text(xml, BytesStart::new("system-out"), &asides.join("\n"))?;
    }
    xml.write_event(Event::End(case.to_end()))
}

pub(super) fn write_text(
    xml: &mut Writer<impl Write>,
    element: BytesStart<'_>,
    text: &str,
) -> io::Result<()> {
    if text.is_empty() {
        return xml.write_event(Event::Empty(element));
    }
    xml.write_event(Event::Start(element.borrow()))?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    xml.write_event(Event::End(element.to_end()))
}

pub(super) fn new_line(xml: &mut Writer<impl Write>) -> io::Result<()> {
    xml.get_mut().write_all(b"\n")
}
