//! What an import shows: what changes, what is worth knowing, and for whom.

use std::io::{self, Write};

use cutover_domain::flags::import::{Level, Note};
use cutover_domain::flags::{KeyChange, Revision};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::sides::{Moved, Sides};
use crate::commands::flag::describe::line;
use crate::commands::flag::rule_words::in_full;
use crate::exit::Failure;
use crate::output::{Page, Report, printable, style, table, write_json_line};

/// How many units that change sides are shown to eyes, of each flag.
const SHOWN: usize = 5;

/// How many rules of a flag are shown to eyes.
const RULES_SHOWN: usize = 20;

/// What an import does, or would do.
#[derive(Serialize)]
pub(super) struct ImportReport<'a> {
    pub(super) dry_run: bool,
    /// The revision that is in force now.
    pub(super) revision: Revision,
    pub(super) from: &'static str,
    pub(super) changes: &'a [KeyChange],
    /// How many flags are already what the file says.
    pub(super) unchanged: usize,
    pub(super) notes: &'a [Note],
    pub(super) warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) units: Option<&'a Sides<'a>>,
}

impl Report for ImportReport<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for change in self.changes {
            writeln!(page, "{}", line(change))?;
            write_rules(page, change)?;
        }
        match self.unchanged {
            0 => {}
            1 => writeln!(page, "1 flag is already what the file says")?,
            many => writeln!(page, "{many} flags are already what the file says")?,
        }
        for (level, label) in [
            (Level::Lost, style::BAD),
            (Level::Warning, style::WARN),
            (Level::Info, style::DIM),
        ] {
            for note in self.notes.iter().filter(|note| note.level == level) {
                let name = level.name();
                writeln!(
                    page,
                    "{label}{name}:{label:#} {}",
                    printable(&note.to_string())
                )?;
            }
        }
        for warning in self.warnings {
            writeln!(page, "{0}warning:{0:#} {warning}", style::WARN)?;
        }
        if let Some(sides) = self.units {
            write_sides(page, sides)?;
        }
        writeln!(page, "revision {}", self.revision)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        for change in self.changes {
            write_json_line(to, &Line::Change(change))?;
        }
        for note in self.notes {
            write_json_line(to, &Line::Note(note))?;
        }
        for warning in self.warnings {
            write_json_line(to, &Line::Warning { message: warning })?;
        }
        if let Some(sides) = self.units {
            for moved in sides.moved() {
                write_json_line(to, &Line::Unit(moved))?;
            }
            for counts in &sides.counts {
                write_json_line(to, &Line::Flag(counts))?;
            }
        }
        let Self {
            dry_run,
            revision,
            unchanged,
            ..
        } = *self;
        write_json_line(
            to,
            &Line::Import {
                dry_run,
                revision,
                from: self.from,
                changed: self.changes.len(),
                unchanged,
            },
        )
    }
}

/// One line of JSON Lines; the last one is the import as a whole.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    Change(&'a KeyChange),
    Note(&'a Note),
    Warning {
        message: &'a str,
    },
    Unit(Moved<'a>),
    Flag(&'a super::sides::Counts<'a>),
    Import {
        dry_run: bool,
        revision: Revision,
        from: &'static str,
        changed: usize,
        unchanged: usize,
    },
}

impl Serialize for Sides<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Everybody<'a>(&'a Sides<'a>);

        impl Serialize for Everybody<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.moved())
            }
        }

        let mut sides = serializer.serialize_struct("Sides", 3)?;
        sides.serialize_field("count", &self.units())?;
        sides.serialize_field("flags", &self.counts)?;
        sides.serialize_field("moved", &Everybody(self))?;
        sides.end()
    }
}

/// The rules of a flag that is made: they are what was translated.
fn write_rules(page: &mut Page<'_>, change: &KeyChange) -> io::Result<()> {
    let (None, Some(flag)) = (&change.before, &change.after) else {
        return Ok(());
    };
    for (index, rule) in flag.rules.iter().enumerate().take(RULES_SHOWN) {
        writeln!(page, "  rule {}: {}", index + 1, in_full(rule, printable))?;
    }
    match flag.rules.len().saturating_sub(RULES_SHOWN) {
        0 => Ok(()),
        more => writeln!(page, "  and {more} more rules"),
    }
}

fn write_sides(page: &mut Page<'_>, sides: &Sides<'_>) -> io::Result<()> {
    writeln!(page)?;
    let tally = |answers: &std::collections::BTreeMap<String, usize>| {
        let parts: Vec<_> = answers
            .iter()
            .map(|(answer, count)| format!("{} {count}", printable(answer)))
            .collect();
        if parts.is_empty() {
            "-".to_owned()
        } else {
            parts.join(", ")
        }
    };
    let units = sides.units();
    if sides.is_answering() {
        let mut flags = table([
            "flag",
            "its code answered",
            "the store answers",
            "it will answer",
            "else than its code",
            "else than the store",
        ]);
        for counts in &sides.counts {
            let from_code = counts.moved_from_answered;
            flags.add_row([
                counts.key.to_string(),
                counts.answered.as_ref().map_or("-".to_owned(), tally),
                tally(&counts.before),
                tally(&counts.after),
                from_code.map_or("-".to_owned(), |count| count.to_string()),
                counts.moved_from_before.to_string(),
            ]);
        }
        page.table(flags)?;
    } else {
        let mut flags = table([
            "flag",
            "the store answers",
            "it will answer",
            "change sides",
        ]);
        for counts in &sides.counts {
            flags.add_row([
                counts.key.to_string(),
                tally(&counts.before),
                tally(&counts.after),
                counts.moved_from_before.to_string(),
            ]);
        }
        page.table(flags)?;
    }
    let (mut shown, mut more) = (Vec::<Moved<'_>>::new(), 0);
    for moved in sides.moved() {
        let of_flag = shown
            .iter()
            .rev()
            .take_while(|other| other.key == moved.key);
        if of_flag.count() < SHOWN {
            shown.push(moved);
        } else {
            more += 1;
        }
    }
    if shown.is_empty() {
        return writeln!(page, "nobody of {units} units changes sides");
    }
    writeln!(page)?;
    if sides.is_answering() {
        let mut who = table(["who", "flag", "its code", "store", "will be", "why"]);
        for moved in &shown {
            who.add_row([
                printable(moved.unit),
                moved.key.to_string(),
                or_dash(moved.answered()),
                or_dash(moved.before()),
                or_dash(moved.after()),
                moved.why.clone(),
            ]);
        }
        page.table(who)?;
    } else {
        let mut who = table(["who", "flag", "store", "will be", "why"]);
        for moved in &shown {
            who.add_row([
                printable(moved.unit),
                moved.key.to_string(),
                or_dash(moved.before()),
                or_dash(moved.after()),
                moved.why.clone(),
            ]);
        }
        page.table(who)?;
    }
    match more {
        0 => Ok(()),
        more => writeln!(page, "and {more} more; --format jsonl names them all"),
    }
}

fn or_dash(answer: Option<String>) -> String {
    answer.map_or("-".to_owned(), |answer| printable(&answer))
}
