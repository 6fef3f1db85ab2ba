//! `cutover doctor`: is everything as it must be, and what to do when not.
//!
//! It looks and tries, but changes nothing: what it writes to see whether writing works, it
//! removes. Only `--repair` changes something, and only flags that cannot be read.

mod checks;
mod comparisons;
mod database;
mod repair;
mod store;

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, style, write_json_line};

/// Check home, store, permissions and clock; say what to do
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover doctor", ""),
    ("cutover doctor --format json", "for a monitor; exit 1 when something is wrong"),
    ("cutover doctor --repair", "bring unreadable flags back"),
]))]
pub struct DoctorArgs {
    /// Bring flags that cannot be read back from the last good copy and the history
    #[arg(long)]
    repair: bool,
    /// Repair without asking
    #[arg(long, short = 'y', requires = "repair")]
    yes: bool,
    /// Say what a repair would do, and do nothing
    #[arg(long, requires = "repair")]
    dry_run: bool,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    Warn,
    Fail,
}

/// What was looked at, what was found, and what to do.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Health,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Health::Ok,
            message: message.into(),
            advice: None,
        }
    }

    fn warn(name: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        let (message, advice) = (message.into(), Some(advice.into()));
        Self {
            name,
            status: Health::Warn,
            message,
            advice,
        }
    }

    fn fail(name: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            status: Health::Fail,
            ..Self::warn(name, message, advice)
        }
    }
}

#[derive(Serialize)]
struct Diagnosis {
    /// Whether nothing failed; a warning is no failure.
    ok: bool,
    home: String,
    store: String,
    environment: Option<String>,
    checks: Vec<Check>,
}

impl Report for Diagnosis {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for Check {
            name,
            status,
            message,
            advice,
        } in &self.checks
        {
            let (word, color) = match status {
                Health::Ok => ("ok", style::GOOD),
                Health::Warn => ("warn", style::WARN),
                Health::Fail => ("fail", style::BAD),
            };
            // One line each: a problem with several lines is indented under its check.
            let message = message
                .lines()
                .map(printable)
                .collect::<Vec<_>>()
                .join("\n       ");
            writeln!(page, "{color}{word:<4}{color:#}   {name:<12} {message}")?;
            if let Some(advice) = advice {
                writeln!(page, "       {:<12} → {}", "", printable(advice))?;
            }
        }
        let count = |status| {
            self.checks
                .iter()
                .filter(|check| check.status == status)
                .count()
        };
        match (count(Health::Fail), count(Health::Warn)) {
            (0, 0) => writeln!(page, "all is well"),
            (0, warnings) => writeln!(page, "it works, with {}", counted(warnings, "warning")),
            (failures, _) => writeln!(page, "{} must be put right", counted(failures, "failure")),
        }
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.checks
            .iter()
            .try_for_each(|check| write_json_line(to, check))
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, Failure> {
    let place = &context.place;
    let mut checks = Vec::new();
    if args.repair {
        checks.push(repair::repair(context, args)?);
    }
    checks.extend(checks::all(context));
    let ok = checks.iter().all(|check| check.status < Health::Fail);
    context.output.show(&Diagnosis {
        ok,
        home: place.home().display().to_string(),
        store: place.store().to_string(),
        environment: place
            .environment()
            .map(|environment| environment.as_str().to_owned()),
        checks,
    })?;
    Ok(Exit::answer(ok))
}
