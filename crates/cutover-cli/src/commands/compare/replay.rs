//! `cutover compare replay`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{ArgGroup, Args};
use cutover_domain::comparison::{ComparisonRecord, RunKind};
use cutover_ports::comparison::{ComparisonStore, RecordQuery};
use pollster::block_on;
use serde_json::json;

use super::find;
use super::moment::moment;
use super::run::{RunArgs, run_over};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::counted;
use crate::runner::Corpus;

/// Run recorded inputs again, through two commands.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("source").required(true).multiple(true).args(["runs", "operation"])))]
pub struct ReplayArgs {
    /// The runs whose inputs were recorded: ids, beginnings of ids, or `latest`
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// Only inputs of this operation; of all runs unless some are named
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Only inputs of this time or later: a date, a time, or so long ago (24h)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many inputs, the newest
    #[arg(long, value_name = "N", default_value = "100000")]
    most: usize,
    /// Run inputs too that redaction has changed: they are not what was asked then
    #[arg(long)]
    allow_redacted: bool,
    #[command(flatten)]
    run: RunArgs,
}

/// Recorded inputs as lines of a case file, and those that are not among them.
#[derive(Default)]
struct Inputs {
    lines: Vec<String>,
    names: BTreeMap<String, u64>,
    changed: u64,
    without: u64,
    not_kept: u64,
    left_out: u64,
}

pub(super) fn run(context: &Context, args: ReplayArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let since = args.since.as_deref();
    let all = RecordQuery {
        operation: args.operation.as_deref().map(Into::into),
        since: since.map(|text| moment(text, context.now())).transpose()?,
        ..RecordQuery::default()
    };
    let mut queries = Vec::new();
    for reference in &args.runs {
        // No would mean that the two differ.
        let run = find::run(&store, reference);
        let run = Some(
            run.map_err(|failure| failure.instead_of_no(Exit::Usage))?
                .id,
        );
        queries.push(RecordQuery { run, ..all.clone() });
    }
    if queries.is_empty() {
        queries.push(all);
    }
    let mut inputs = Inputs::default();
    for query in &queries {
        inputs.read(context, &store, query, &args)?;
    }
    inputs.check(context, &args)?;
    let source = json!({
        "runs": queries.iter().filter_map(|query| query.run.as_ref()).collect::<Vec<_>>(),
        "operation": args.operation,
        "since": queries.first().and_then(|query| query.since),
        "changed_by_redaction": inputs.changed,
    });
    // The oldest first, as they came.
    inputs.lines.reverse();
    let corpus = Corpus::of_lines(inputs.lines, Path::new("recorded inputs"))?;
    run_over(context, args.run, corpus, Some(source))
}

impl Inputs {
    fn read(
        &mut self,
        context: &Context,
        store: &dyn ComparisonStore,
        query: &RecordQuery,
        args: &ReplayArgs,
    ) -> Result<(), Failure> {
        // Inputs of commands are whole cases, those of operations are what a case is given.
        let mut kinds = BTreeMap::new();
        let mut trouble = None;
        find::visit(context, store, query, &mut |record| {
            let kind = kinds.get(&record.run).copied();
            let kind = kind.unwrap_or_else(|| match block_on(store.run(&record.run)) {
                Ok(run) => run.map_or(RunKind::Operation, |run| run.kind),
                Err(error) => {
                    trouble.get_or_insert(error);
                    RunKind::Operation
                }
            });
            kinds.insert(record.run.clone(), kind);
            self.add(&record, kind, args);
        })?;
        trouble.map_or(Ok(()), |error| Err(error.into()))
    }

    fn add(&mut self, record: &ComparisonRecord, kind: RunKind, args: &ReplayArgs) {
        let Some(input) = &record.input else {
            self.without += 1;
            return;
        };
        let Some(value) = input.value() else {
            self.not_kept += 1;
            return;
        };
        self.changed += u64::from(input.is_changed());
        if input.is_changed() && !args.allow_redacted {
            return;
        }
        if self.lines.len() >= args.most {
            self.left_out += 1;
            return;
        }
        let name = self.name(record.label());
        let json = value.to_json();
        let members = json
            .strip_prefix('{')
            .and_then(|json| json.strip_suffix('}'))
            .filter(|members| !members.is_empty());
        self.lines.push(match (kind, members) {
            (RunKind::Commands, Some(members)) => format!("{{\"name\":{name},{members}}}"),
            _ => format!("{{\"name\":{name},\"stdin\":{json}}}"),
        });
    }

    /// The name of a case as JSON: one that no other has.
    fn name(&mut self, label: &str) -> serde_json::Value {
        let count = self.names.entry(label.to_owned()).or_default();
        *count += 1;
        match *count {
            1 => label.into(),
            number => format!("{label} ({number})").into(),
        }
    }

    fn check(&self, context: &Context, args: &ReplayArgs) -> Result<(), Failure> {
        let output = &context.output;
        if self.changed > 0 && !args.allow_redacted {
            return Err(Failure::usage(format_args!(
                "redaction has changed {} of the recorded inputs: not what was asked then",
                self.changed
            ))
            .hint("run them as they are with --allow-redacted"));
        }
        if self.lines.is_empty() {
            return Err(Failure::usage(format_args!(
                "there is no recorded input: {} without one, {} of which it was not kept",
                counted(self.without, "record"),
                counted(self.not_kept, "record")
            ))
            .hint(
                "a run keeps its inputs with --record-inputs, an operation where it is built with \
                 `.record(…)`",
            ));
        }
        for (count, what, why) in [
            (
                self.changed,
                "input",
                "changed by redaction, and run as changed",
            ),
            (self.without, "record", "without an input"),
            (
                self.not_kept,
                "input",
                "not kept: too large, or not to be written down",
            ),
            (self.left_out, "more input", "left out by --most"),
        ] {
            if count > 0 {
                output.warn(format_args!("{} {why}", counted(count, what)));
            }
        }
        Ok(())
    }
}
