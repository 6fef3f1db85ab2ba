//! `flag rule list`.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{Definition, FlagKey, Revision};
use serde::Serialize;

use super::Listed;
use crate::commands::examples;
use crate::commands::flag::describe::{answer, below_rules};
use crate::commands::flag::open::Flags;
use crate::commands::flag::rule_words::given;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::command;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag rule list new_editor", ""),
    ("cutover flag rule list new_editor --format json", "conditions as they are stored, too"),
]))]
pub struct ListArgs {
    /// The flag
    key: String,
}

#[derive(Serialize)]
struct Rules<'a> {
    key: &'a FlagKey,
    revision: Revision,
    rules: Vec<Listed<'a>>,
    #[serde(skip)]
    definition: &'a Definition,
}

impl Report for Rules<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let mut rules = table(["rule", "name", "when", "gives"]);
        for Listed {
            number,
            condition,
            rule,
        } in &self.rules
        {
            rules.add_row([
                number.to_string(),
                printable(rule.name.as_deref().unwrap_or("-")),
                printable(condition),
                given(rule, |variant| answer(self.definition, variant)),
            ]);
        }
        let others = below_rules(self.definition);
        rules.add_row(["else".to_owned(), "-".to_owned(), "-".to_owned(), others]);
        page.table(rules)?;
        writeln!(page, "revision {}", self.revision)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.rules
            .iter()
            .try_for_each(|rule| write_json_line(to, rule))
    }
}

pub(super) fn list(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let (key, definition) = flags.find(&args.key)?;
    context.output.show(&Rules {
        key: &key,
        revision: flags.document.revision,
        rules: Listed::all(definition),
        definition,
    })?;
    if definition.rules.is_empty() {
        context.output.note(format_args!("{key} has no rules"));
        let add = [
            "flag",
            "rule",
            "add",
            key.as_str(),
            "--when",
            "CONDITION",
            "--serve",
            "VARIANT",
        ];
        context.output.next(command(&add));
    }
    Ok(Exit::Done)
}
