//! Reports for people and for programs.
//!
//! ```
//! use cutover_app::report;
//! use cutover_domain::comparison::report::ReportBuilder;
//!
//! let report = ReportBuilder::new().finish("2026-01-01T00:00:00Z".parse()?);
//! assert!(report::text(&report).starts_with("Comparison report"));
//! assert!(report::json(&report)?.starts_with("{\n  \"schema\": 1,"));
//! assert!(report::html(&report).starts_with("<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod figure;
mod html;
mod text;

use cutover_domain::comparison::report::Report;

/// The report as text for a terminal: aligned, without colour, safe whatever the records hold.
#[must_use]
pub fn text(report: &Report) -> String {
    text::render(report)
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
