//! `cutover compare rules`.

use std::io::{self, Write as _};

use clap::{ArgGroup, Args};
use cutover_app::comparison::{Selection, read};
use cutover_domain::comparison::Rules;
use cutover_domain::comparison::noise::{Noise, NoisePath, Suggestion};
use cutover_domain::comparison::report::ReportBuilder;
use pollster::block_on;
use serde::Serialize;

use super::find;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, counted, printable};
use crate::suggest::command;

pub(super) const RULES_HELP: &str = "\
Rules are suggested for what old differs from itself in: read them, keep those you can vouch for, \
and give the file to --rules. What new gets wrong where a rule looks away is not seen any more.

Exit codes: 0 the rules are printed, none if old never differs from itself; 4 old was never \
compared with itself.";

/// Suggest rules for what old differs from itself in.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true)
    .args(["runs", "operation"])))]
pub struct RulesArgs {
    /// The runs: ids, beginnings of ids, or `latest`
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// Only what was recorded of this operation; of all runs unless some are named
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
}

#[derive(Serialize)]
struct Learned<'a> {
    operation: &'a str,
    /// How often old was compared with itself, in so many records.
    self_pairs: u64,
    records: u64,
    suggestions: &'a [Suggestion],
    /// Places where old differs from itself that no rule is suggested for.
    without_rule: Vec<&'a NoisePath>,
    rules: Rules,
    /// The same as the text of a rules file.
    file: String,
}

impl Report for Learned<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.write_all(self.file.as_bytes())
    }
}

pub(super) fn run(context: &Context, args: &RulesArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let mut selection = Selection {
        operation: args.operation.as_deref().map(Into::into),
        ..Selection::default()
    };
    for reference in &args.runs {
        let id = find::run(&store, reference)?.id;
        if !selection.runs.contains(&id) {
            selection.runs.push(id);
        }
    }
    let mut builder = ReportBuilder::new();
    if !block_on(read(&store, &selection, &mut builder))? {
        return Err(
            Failure::no("there is nothing to learn from").hint(format_args!(
                "`{}` shows what there is",
                command(&["compare", "list"])
            )),
        );
    }
    let report = builder.finish(context.now());
    for what in &report.unreadable {
        context.output.warn(format_args!(
            "left out because it cannot be read: {}",
            printable(what)
        ));
    }
    let mut noises = report
        .operations
        .iter()
        .filter_map(|operation| Some((&*operation.operation, operation.noise.as_ref()?)));
    let Some((operation, noise)) = noises.next() else {
        let again = command(&["compare", "run", "--noise", "3"]);
        context.output.warn("old was never compared with itself");
        context.output.next(format_args!("{again} …"));
        return Ok(Exit::Insufficient);
    };
    let others: Vec<String> = noises.map(|(name, _)| printable(name)).collect();
    if !others.is_empty() {
        return Err(Failure::usage(format_args!(
            "there are several operations, and rules are for one: {}, {}",
            printable(operation),
            others.join(", ")
        ))
        .hint("name it with --operation NAME"));
    }
    if noise.self_pairs == 0 {
        context.output.warn(
            "nothing was learned from old with itself: all pairs have more differences than are known \
             by place, or paths of more than 1 KiB",
        );
        let list = command(&["compare", "show"]);
        context.output.next(format_args!("{list} …"));
        return Ok(Exit::Insufficient);
    }
    let learned = Learned::of(operation, noise);
    context.output.show(&learned)?;
    for rule in noise.blinding() {
        context.output.warn(blinding(&rule.to_string()));
    }
    for (path, why) in noise.without_rule() {
        let what = format!("{} ({}): {why}; {}", path.path, path.kind, path.why);
        let what = printable(&what);
        context.output.note(format_args!("no rule for {what}"));
    }
    Ok(Exit::Done)
}

/// What is to be said of a suggested rule that would leave nothing to compare.
pub(super) fn blinding(rule: &str) -> String {
    format!(
        "the suggested rule `{}` hides the whole answer: with it nothing is compared any more. Read \
         the answer in its format (--as json), or replace what changes in it (--replace)",
        printable(rule)
    )
}

impl<'a> Learned<'a> {
    fn of(operation: &'a str, noise: &'a Noise) -> Self {
        Self {
            operation,
            self_pairs: noise.self_pairs,
            records: noise.records,
            suggestions: &noise.suggestions,
            without_rule: noise.without_rule().map(|(path, _)| path).collect(),
            rules: noise.rules(),
            file: noise.rules_file().unwrap_or_else(|| {
                let why = if noise.paths.is_empty() {
                    "there is no noise"
                } else {
                    "no place differs by noise alone"
                };
                format!(
                    "# No rules: in {} of old with itself {why}.\n{}",
                    counted(noise.self_pairs, "comparison"),
                    noise.left_out()
                )
            }),
        }
    }
}
