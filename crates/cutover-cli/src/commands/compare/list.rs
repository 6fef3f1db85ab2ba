//! `cutover compare list`.

use std::io::{self, Write};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use cutover_domain::comparison::{Run, RunKind, RunState};
use cutover_ports::comparison::RunQuery;
use serde::Serialize;

use super::find;
use super::moment::moment;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table, write_json_line};
use crate::suggest::command;

/// List the saved runs, newest first.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value = "20")]
    limit: usize,
    /// Only runs of this name
    #[arg(long, value_name = "NAME", conflicts_with = "operation")]
    name: Option<String>,
    /// Only runs of this operation, inside applications
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Only runs that compare commands, or operations
    #[arg(long, value_name = "KIND", value_parser = kind())]
    kind: Option<RunKind>,
    /// Only runs that started since: a date, a time, or so long ago (24h)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

fn kind() -> impl TypedValueParser<Value = RunKind> {
    PossibleValuesParser::new(["commands", "operation"]).map(|kind| match kind.as_str() {
        "commands" => RunKind::Commands,
        _ => RunKind::Operation,
    })
}

impl ListArgs {
    fn query(&self, context: &Context) -> Result<RunQuery, Failure> {
        let since = self.since.as_deref();
        Ok(RunQuery {
            kind: match self.operation {
                Some(_) => Some(RunKind::Operation),
                None => self.kind,
            },
            name: self.operation.clone().or_else(|| self.name.clone()),
            since: since.map(|text| moment(text, context.now())).transpose()?,
            ..RunQuery::default()
        })
    }
}

#[derive(Serialize)]
struct List {
    runs: Vec<Line>,
    /// Whether only some were asked for.
    #[serde(skip)]
    filtered: bool,
}

/// A run on one line. It counts pairs: a case that was repeated counts once for each repeat.
#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    kind: RunKind,
    state: RunState,
    started: jiff::Timestamp,
    updated: jiff::Timestamp,
    /// It says that it is running, and was not heard of for a while.
    silent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished: Option<jiff::Timestamp>,
    old: String,
    new: String,
    equal: u64,
    /// Those that differ, and not by noise alone.
    different: u64,
    /// Those that differ by noise alone.
    by_noise: u64,
    errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<u64>,
}

impl Line {
    fn new(run: Run, now: jiff::Timestamp) -> Self {
        Self {
            silent: run.is_silent(now),
            id: run.id.to_string(),
            name: run.name,
            kind: run.kind,
            state: run.state,
            started: run.started,
            updated: run.updated,
            finished: run.finished,
            old: run.old.description,
            new: run.new.description,
            equal: run.tally.equal,
            different: run.tally.different.saturating_sub(run.tally.by_noise),
            by_noise: run.tally.by_noise,
            errors: run.tally.failed.saturating_add(run.tally.inexact),
            planned: run.expected_cases,
        }
    }
}

impl Line {
    /// What is known of its state: of a process that died without a word, only when it was last
    /// heard of.
    fn state(&self) -> String {
        if self.silent {
            format!("running?, last heard of {:.0}", self.updated)
        } else {
            self.state.to_string()
        }
    }
}

impl Report for List {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.runs.is_empty() && self.filtered {
            return writeln!(page, "there is no such run");
        }
        if self.runs.is_empty() {
            return writeln!(
                page,
                "there is no run yet; make one with `{}`",
                command(&["compare", "run"])
            );
        }
        let mut rows = table([
            "id",
            "name",
            "started",
            "state",
            "equal",
            "different",
            "by noise",
            "errors",
        ]);
        for run in &self.runs {
            rows.add_row([
                run.id.clone(),
                printable(&run.name),
                format!("{:.0}", run.started),
                run.state(),
                run.equal.to_string(),
                run.different.to_string(),
                run.by_noise.to_string(),
                run.errors.to_string(),
            ]);
        }
        page.table(rows)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.runs
            .iter()
            .try_for_each(|run| write_json_line(to, run))
    }
}

pub(super) fn run(context: &Context, args: &ListArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let query = args.query(context)?;
    let (runs, unreadable) = find::runs(&store, &query, Some(args.limit))?;
    find::warn(context, &unreadable);
    context.output.show(&List {
        filtered: query != RunQuery::default(),
        runs: runs
            .into_iter()
            .map(|run| Line::new(run, context.now()))
            .collect(),
    })?;
    Ok(Exit::Done)
}
