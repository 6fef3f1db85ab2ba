//! `cutover compare replay`.

mod delivery;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::num::NonZeroU32;
use std::path::Path;

use clap::{ArgGroup, Args};
use cutover_domain::comparison::{ComparisonRecord, RecordedInput, Run, RunKind, digest};
use cutover_ports::comparison::{ComparisonStore, RecordQuery};
use jiff::{SignedDuration, Timestamp};
use pollster::block_on;
use serde_json::{Value, json};

use super::find;
use super::moment::moment;
use super::run::{RunArgs, find_run, run_over};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{counted, printable};
use crate::runner::{CaseNames, Corpus};

/// So many inputs that were altered are named.
const NAMED: u64 = 5;

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

/// What a run over recorded inputs is a replay of.
pub(super) struct ReplayOf {
    described: Value,
    /// Inputs that were asked for and cannot be run again, by reason.
    dropped: BTreeMap<&'static str, u64>,
    /// Records and inputs that nobody asked to run again.
    sampled_out: u64,
}

impl ReplayOf {
    /// Says so in the header of the run, which is held to run every case `repeats` times.
    pub(super) fn stand_in(self, header: &mut Run, repeats: NonZeroU32) {
        let pairs = |inputs: u64| inputs.saturating_mul(u64::from(repeats.get()));
        let tally = &mut header.tally;
        tally.sampled_out = pairs(self.sampled_out);
        let dropped = self.dropped.iter();
        tally.dropped = dropped
            .map(|(reason, inputs)| ((*reason).to_owned(), pairs(*inputs)))
            .collect();
        let others = tally
            .dropped
            .values()
            .fold(tally.sampled_out, |sum, count| sum.saturating_add(*count));
        header.expected_cases = header
            .expected_cases
            .map(|runs| runs.saturating_add(others));
        if let Some(options) = header.options.as_object_mut() {
            options.insert("replay_of".to_owned(), self.described);
        }
    }
}

/// Recorded inputs as lines of a case file, and those that are not among them.
struct Inputs {
    wanted: CaseNames,
    lines: Vec<String>,
    names: BTreeMap<String, u64>,
    /// The time of the last record.
    newest: Option<Timestamp>,
    changed: u64,
    without: u64,
    not_kept: u64,
    altered: u64,
    unreadable: u64,
    left_out: u64,
}

pub(super) fn run(context: &Context, mut args: ReplayArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let earlier = match &args.run.resume {
        Some(reference) => find_run(&store, reference)?
            .options
            .get_mut("replay_of")
            .map_or(Value::Null, Value::take),
        None => Value::Null,
    };
    let since = args.since.as_deref();
    let all = RecordQuery {
        operation: args.operation.as_deref().map(Into::into),
        since: match earlier["since"].as_str().and_then(|time| time.parse().ok()) {
            Some(time) if since.is_some() => Some(time),
            _ => since.map(|text| moment(text, context.now())).transpose()?,
        },
        // What was recorded since is not of the run that is taken up again.
        until: earlier["until"].as_str().and_then(|time| time.parse().ok()),
        ..RecordQuery::default()
    };
    let mut runs = Vec::new();
    for (place, reference) in args.runs.iter().enumerate() {
        // By now the last run is the replay itself.
        let known = earlier["runs"][place].as_str();
        let reference = match known {
            Some(known) if reference == find::LATEST => known,
            _ => reference,
        };
        // No would mean that the two differ.
        let run = find::run(&store, reference);
        runs.push(run.map_err(|failure| failure.instead_of_no(Exit::Usage))?);
    }
    let of_run = |run: &Run| RecordQuery {
        run: Some(run.id.clone()),
        ..all.clone()
    };
    let mut queries: Vec<_> = runs.iter().map(of_run).collect();
    if queries.is_empty() {
        queries.push(all.clone());
    }
    let mut inputs = Inputs::of(CaseNames::parse(&args.run.case)?);
    for query in &queries {
        inputs.read(context, &store, query, &args)?;
    }
    inputs.check(context, &args)?;
    delivery::take_over(context, &mut args.run, &runs)?;
    let dropped = inputs.dropped();
    let until = inputs
        .newest
        .and_then(|newest| newest.checked_add(SignedDuration::from_nanos(1)).ok());
    let source = ReplayOf {
        described: json!({
            "runs": runs.iter().map(|run| &run.id).collect::<Vec<_>>(),
            "operation": args.operation,
            "since": all.since,
            "until": all.until.or(until),
            "inputs": inputs.lines.len(),
            "changed_by_redaction": inputs.changed,
            "left_out": dropped,
        }),
        dropped,
        sampled_out: inputs.without.saturating_add(inputs.left_out),
    };
    // The oldest first, as they came.
    inputs.lines.reverse();
    let corpus = Corpus::of_lines(inputs.lines, Path::new("recorded inputs"))?;
    run_over(context, args.run, corpus, Some(source))
}

impl Inputs {
    fn of(wanted: CaseNames) -> Self {
        Self {
            wanted,
            lines: Vec::new(),
            names: BTreeMap::new(),
            newest: None,
            changed: 0,
            without: 0,
            not_kept: 0,
            altered: 0,
            unreadable: 0,
            left_out: 0,
        }
    }

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
        let unreadable = find::visit(context, store, query, &mut |record| {
            let kind = kinds.get(&record.run).copied();
            let kind = kind.unwrap_or_else(|| match block_on(store.run(&record.run)) {
                Ok(run) => run.map_or(RunKind::Operation, |run| run.kind),
                Err(error) => {
                    trouble.get_or_insert(error);
                    RunKind::Operation
                }
            });
            kinds.insert(record.run.clone(), kind);
            self.newest = self.newest.max(Some(record.time));
            self.add(context, &record, kind, args);
        })?;
        self.unreadable += unreadable;
        trouble.map_or(Ok(()), |error| Err(error.into()))
    }

    fn add(
        &mut self,
        context: &Context,
        record: &ComparisonRecord,
        kind: RunKind,
        args: &ReplayArgs,
    ) {
        let wanted = u64::from(self.wanted.fits(record.label()));
        let Some(input) = &record.input else {
            self.without += wanted;
            return;
        };
        let Some(value) = input.value() else {
            self.not_kept += wanted;
            return;
        };
        if is_altered(record, kind, input) {
            self.altered += wanted;
            if self.altered <= NAMED {
                context.output.warn(format_args!(
                    "the input of {} is not what was recorded: by its digest it has been altered since",
                    printable(record.label())
                ));
            }
            return;
        }
        self.changed += u64::from(input.is_changed());
        if input.is_changed() && !args.allow_redacted {
            return;
        }
        if self.lines.len() >= args.most {
            self.left_out += wanted;
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

    /// The name of a case as JSON: one that no other has, with the extension that it had.
    fn name(&mut self, label: &str) -> Value {
        let count = self.names.entry(label.to_owned()).or_default();
        *count += 1;
        let extension = Path::new(label).extension().and_then(OsStr::to_str);
        let stem = extension.and_then(|extension| label.strip_suffix(extension)?.strip_suffix('.'));
        match (*count, stem, extension) {
            (1, ..) => label.into(),
            (number, Some(stem), Some(extension)) => {
                format!("{stem} ({number}).{extension}").into()
            }
            (number, ..) => format!("{label} ({number})").into(),
        }
    }

    /// What was asked for and is not run again, by reason.
    fn dropped(&self) -> BTreeMap<&'static str, u64> {
        let reasons = [
            ("input-not-kept", self.not_kept),
            ("input-altered", self.altered),
            ("unreadable", self.unreadable),
        ];
        reasons
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect()
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
            (self.altered, "input", "altered since, and not run"),
            (self.left_out, "more input", "left out by --most"),
        ] {
            if count > 0 {
                output.warn(format_args!("{} {why}", counted(count, what)));
            }
        }
        Ok(())
    }
}

/// Whether the input that is kept is another than the record was made of. What redaction has changed
/// cannot be told from what was changed since.
fn is_altered(record: &ComparisonRecord, kind: RunKind, input: &RecordedInput) -> bool {
    let Some(known) = &record.input_digest else {
        return false;
    };
    let found = match (kind, input.value()) {
        (RunKind::Operation, _) => input.digest(),
        (RunKind::Commands, _) if input.is_changed() => return false,
        (RunKind::Commands, Some(line)) => match line.root().get("stdin") {
            Some(stdin) => stdin.as_str().map(|text| digest(text.as_bytes())),
            None => Some(digest(b"")),
        },
        (RunKind::Commands, None) => return false,
    };
    found.as_ref() != Some(known)
}
