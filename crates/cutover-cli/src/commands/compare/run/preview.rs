//! `compare run --dry-run`: what would be run.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use cutover_domain::Side;
use serde::Serialize;

use crate::exit::Failure;
use crate::output::style::{BOLD, DIM};
use crate::output::{Page, Report, counted, printable, write_json_line};
use crate::runner::{Runner, shown};
use crate::suggest::quoted_words;

/// How many cases are named for eyes.
const NAMED: usize = 20;

/// What would be run.
#[derive(Serialize)]
pub(super) struct Preview {
    pairs: u64,
    /// Executions in all, with those that are thrown away or that old has with itself.
    executions: u64,
    cases: Vec<Planned>,
}

/// One case with the words of both commands.
#[derive(Serialize)]
struct Planned {
    case: String,
    old: Vec<String>,
    new: Vec<String>,
}

impl Preview {
    pub(super) fn of(runner: &Runner) -> Self {
        let plan = runner.plan();
        let words = |side, case| {
            let path = plan.path_of(case, runner.original());
            // An input that is no file yet gets its path when it is written.
            let path = path.unwrap_or_else(|| Path::new("INPUT").to_owned());
            let words = plan.words(side, case, &path);
            words.iter().map(|word| shown(word)).collect()
        };
        let cases: Vec<_> = plan
            .corpus
            .cases
            .iter()
            .map(|case| Planned {
                case: case.name.clone(),
                old: words(Side::Old, case),
                new: words(Side::New, case),
            })
            .collect();
        Self {
            pairs: plan.pairs(),
            executions: runner.load(&HashSet::new()).executions(),
            cases,
        }
    }
}

impl Report for Preview {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for planned in self.cases.iter().take(NAMED) {
            writeln!(page, "{BOLD}{}{BOLD:#}", printable(&planned.case))?;
            writeln!(page, "  old  {}", printable(&quoted_words(&planned.old)))?;
            writeln!(page, "  new  {}", printable(&quoted_words(&planned.new)))?;
        }
        if self.cases.len() > NAMED {
            let more = self.cases.len() - NAMED;
            writeln!(page, "{DIM}… and {more} more{DIM:#}")?;
        }
        writeln!(
            page,
            "{}, {}, {}; nothing was run",
            counted(self.cases.len() as u64, "case"),
            counted(self.pairs, "pair"),
            counted(self.executions, "execution")
        )
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.cases
            .iter()
            .try_for_each(|planned| write_json_line(to, planned))
    }
}
