//! What `flag stale` answers.

use std::collections::BTreeSet;
use std::io::{self, Write};

use cutover_domain::flags::{Definition, FlagKey, Revision};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::code::{Line, Skipped};
use crate::exit::Failure;
use crate::output::{Page, Report, printable, style, write_json_line};
use crate::suggest::command;

/// How many lines of code are shown to eyes, of each flag.
const SHOWN: usize = 20;

/// All flags that are stale.
#[derive(Serialize)]
pub(super) struct StaleFlags<'a> {
    pub(super) revision: Revision,
    /// The day that was asked about.
    pub(super) at: Date,
    pub(super) stale: Vec<StaleFlag<'a>>,
    /// How many flags there are.
    #[serde(rename = "count")]
    pub(super) flags: usize,
    /// Whether any code was looked through.
    pub(super) searched: bool,
    pub(super) skipped: &'a BTreeSet<Skipped>,
}

/// A flag that is stale.
#[derive(Serialize)]
pub(super) struct StaleFlag<'a> {
    pub(super) key: &'a FlagKey,
    owner: Option<&'a str>,
    reasons: Vec<Reason>,
    /// The lines that name it.
    pub(super) code: Vec<Line>,
}

/// Why a flag is stale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Reason {
    /// Its last day is over.
    Expired { expires: Date },
    /// The migration that it drove is over.
    Complete { since: Option<Timestamp> },
    /// Everybody gets the same, and nobody changed that for a while.
    Untouched { since: Option<Timestamp> },
}

impl Reason {
    fn words(self) -> String {
        let day = |since: Option<Timestamp>| match since {
            Some(since) => format!(" since {}", since.strftime("%Y-%m-%d")),
            None => String::new(),
        };
        match self {
            Self::Expired { expires } => format!("expired on {expires}"),
            Self::Complete { since } => format!("at stage complete{}", day(since)),
            Self::Untouched { since } => {
                format!("the same for everybody and untouched{}", day(since))
            }
        }
    }
}

impl<'a> StaleFlag<'a> {
    pub(super) fn new(key: &'a FlagKey, definition: &'a Definition, reasons: Vec<Reason>) -> Self {
        Self {
            key,
            owner: definition.owner.as_deref(),
            reasons,
            code: Vec::new(),
        }
    }
}

impl Report for StaleFlags<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for flag in &self.stale {
            let reasons: Vec<_> = flag.reasons.iter().map(|reason| reason.words()).collect();
            let owner = match flag.owner {
                Some(owner) => format!(", owner {}", printable(owner)),
                None => String::new(),
            };
            let reasons = reasons.join(", ");
            writeln!(page, "{0}{1}{0:#}: {reasons}{owner}", style::BOLD, flag.key)?;
            for Line { file, line, text } in flag.code.iter().take(SHOWN) {
                writeln!(page, "  {file}:{line}: {text}")?;
            }
            match flag.code.len() {
                0 if self.searched => {
                    let delete = command(&["flag", "delete", flag.key.as_str()]);
                    writeln!(page, "  no code names it: `{delete}` removes it")?;
                }
                lines if lines > SHOWN => {
                    writeln!(page, "  and {} more lines", lines - SHOWN)?;
                }
                _ => {}
            }
        }
        let Self { flags, at, .. } = self;
        let flags = match flags {
            1 => "1 flag".to_owned(),
            many => format!("{many} flags"),
        };
        match self.stale.len() {
            0 => writeln!(page, "none of {flags} is stale on {at}"),
            1 => writeln!(page, "1 of {flags} is stale on {at}"),
            many => writeln!(page, "{many} of {flags} are stale on {at}"),
        }
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.stale
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}
