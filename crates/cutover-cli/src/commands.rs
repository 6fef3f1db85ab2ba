//! The commands, one module per group.
//!
//! Each has its arguments (whose comments are the help) and a `run` that answers an
//! [`Exit`](crate::Exit) or a [`Failure`](crate::Failure).

pub mod compare;
pub mod completions;
pub mod diff;
mod differences;
pub mod doctor;
pub mod flag;
mod hidden;
pub mod man;
pub mod metrics;
pub mod rules;
#[cfg(feature = "tables")]
mod table_kind;

/// The examples of a page of help: a command and, where it does not speak for itself, what it
/// does.
///
/// ```
/// use cutover_cli::commands::examples;
///
/// let text = examples(&[("cutover flag list", ""), ("cutover flag kill f", "all back to old")]);
/// assert_eq!(text, "Examples:\n  cutover flag list\n  cutover flag kill f   all back to old");
/// ```
#[must_use]
pub fn examples(examples: &[(&str, &str)]) -> String {
    let told = examples.iter().filter(|(_, what)| !what.is_empty());
    let width = told.map(|(command, _)| command.len()).max().unwrap_or(0);
    let mut text = String::from("Examples:");
    for (command, what) in examples {
        text.push_str("\n  ");
        if what.is_empty() {
            text.push_str(command);
        } else {
            text.push_str(&format!("{command:<width$}   {what}"));
        }
    }
    text
}
