//! Reports for people and for programs.
//!
//! ```
//! use cutover_app::report;
//! use cutover_domain::comparison::report::ReportBuilder;
//!
//! let report = ReportBuilder::new().finish("2026-01-01T00:00:00Z".parse()?);
//! assert!(report::text(&report, None).starts_with("Comparison report"));
//! assert!(report::json(&report)?.starts_with("{\n  \"schema\": 1,"));
//! assert!(report::markdown(&report).starts_with("## Comparison: unproven"));
//! assert!(report::html(&report).starts_with("<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod figure;
mod html;
mod junit;
mod limit;
mod markdown;
mod text;

use cutover_domain::comparison::report::Report;

pub use junit::JUnit;

/// The report as text for a terminal: aligned, without colour, safe whatever the records hold. With
/// a width, no line of a table is longer.
#[must_use]
pub fn text(report: &Report, width: Option<u16>) -> String {
    text::render(report, width)
}

/// The report as JSON; `docs/schema/comparison-report.schema.json` describes it.
///
/// # Errors
///
/// A value cannot be written as JSON, which no report made from records can cause.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}

/// The report as one HTML page that needs nothing else: no script, no request, light or dark as
/// the reader's system is, readable on a phone and by a screen reader.
#[must_use]
pub fn html(report: &Report) -> String {
    html::render(report)
}

/// The report as Markdown for a comment on a pull request: the verdict first, details folded, short
/// enough for one comment, and safe whatever the records hold: nobody is mentioned by it.
#[must_use]
pub fn markdown(report: &Report) -> String {
    markdown::render(report)
}
