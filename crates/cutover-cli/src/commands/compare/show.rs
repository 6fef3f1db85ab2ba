//! `cutover compare show`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use cutover_domain::comparison::noise::Noise;
use cutover_domain::comparison::report::{generalize, shorten};
use cutover_domain::comparison::{
    ComparisonRecord, Difference, DifferenceFilter, DifferenceKind, Judgement, Measurements,
    PathPattern, RecordResult, RecordedInput, Run, RunKind, RunState, Severity, SideRecord,
};
use cutover_ports::comparison::{ComparisonStore, RecordQuery};
use serde::Serialize;

use super::find;
use super::moment::moment;
use super::quantity::{show_duration, show_size};
use super::summary::performance::limits_of;
use super::summary::{Summary, Summing, planned_cases};
use crate::commands::differences::{self, Mark};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::style::{BAD, BOLD, DIM, GOOD, WARN};
use crate::output::{Page, Report, counted, printable, table, write_json_line};
use crate::suggest::{closest, command};

/// Show a run, or one case of it.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The run: its id, the beginning of it, or `latest`
    id: String,
    /// Only this case, with all that is known about it
    case: Option<String>,
    /// At most so many records in JSON; those that are not equal come first
    #[arg(long, value_name = "N", default_value = "100")]
    limit: usize,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which records to show, the last first.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Only records")]
struct FilterArgs {
    /// That differ at this path or below it: $.items[*].price, $..etag
    #[arg(long, value_name = "PATH", conflicts_with = "case", value_parser = PathPattern::new)]
    path: Option<PathPattern>,
    /// That have a difference of this kind
    #[arg(long, value_name = "KIND", conflicts_with = "case", value_parser = kind())]
    kind: Option<DifferenceKind>,
    /// That have a difference of this severity or worse
    #[arg(long, value_name = "LEVEL", conflicts_with = "case", value_parser = severity())]
    severity: Option<Severity>,
    /// That ended so
    #[arg(long, value_name = "RESULT", conflicts_with = "case", value_parser = result())]
    result: Option<RecordResult>,
    /// Of this operation
    #[arg(long, value_name = "NAME", conflicts_with = "case")]
    operation: Option<String>,
    /// Since: a date, a time, or so long ago (24h)
    #[arg(long, value_name = "TIME", conflicts_with = "case")]
    since: Option<String>,
    /// Before: a date, a time, or so long ago
    #[arg(long, value_name = "TIME", conflicts_with = "case")]
    until: Option<String>,
}

/// A parser for words that stand for values.
fn words<T: Copy + Send + Sync + 'static>(
    all: impl IntoIterator<Item = T>,
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let all: Vec<T> = all.into_iter().collect();
    PossibleValuesParser::new(all.iter().map(|value| word(*value)).collect::<Vec<_>>()).try_map(
        move |text| {
            let found = all.iter().find(|value| word(**value) == text);
            found.copied().ok_or("it is none of these")
        },
    )
}

fn kind() -> impl TypedValueParser<Value = DifferenceKind> {
    words(DifferenceKind::ALL, DifferenceKind::word)
}

fn severity() -> impl TypedValueParser<Value = Severity> {
    use Severity::{Critical, Error, Info, Warning};
    words([Info, Warning, Error, Critical], Severity::word)
}

fn result() -> impl TypedValueParser<Value = RecordResult> {
    words(RecordResult::ALL, RecordResult::name)
}

impl FilterArgs {
    /// The query, if anything is asked.
    fn query(&self, context: &Context, run: &Run) -> Result<Option<RecordQuery>, Failure> {
        let time = |text: &Option<String>| {
            let text = text.as_deref();
            text.map(|text| moment(text, context.now())).transpose()
        };
        let difference = DifferenceFilter {
            path: self.path.clone(),
            kind: self.kind,
            severity: self.severity,
        };
        let whole = RecordQuery::of_run(run.id.clone());
        let query = RecordQuery {
            operation: self.operation.as_deref().map(Into::into),
            result: self.result,
            since: time(&self.since)?,
            until: time(&self.until)?,
            difference: (!difference.is_empty()).then_some(difference),
            ..whole.clone()
        };
        Ok((query != whole).then_some(query))
    }
}

/// Records that were asked for.
#[derive(Serialize)]
struct Found {
    run: String,
    records: Vec<ComparisonRecord>,
    /// How many there are besides.
    records_left_out: u64,
    /// How many keep only the first of their differences, and among those none that was asked for:
    /// of them it is not known.
    records_cut: u64,
    /// Which of their differences are of interest.
    #[serde(skip)]
    difference: DifferenceFilter,
}

impl Report for Found {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for record in &self.records {
            write_heading(page, record)?;
            if let Judgement::Failed(why) = &record.judgement {
                writeln!(page, "  {}", printable(why))?;
            }
            let differences = record.judgement.differences().iter();
            let mut asked = differences.filter(|found| self.difference.matches(found));
            for difference in asked.by_ref().take(DIFFERENCES) {
                writeln!(page, "  {}", printable(&difference.to_string()))?;
            }
            if asked.next().is_some() {
                writeln!(page, "  {DIM}…{DIM:#}")?;
            }
        }
        let count = self.records.len() as u64 + self.records_left_out;
        writeln!(page, "{}", counted(count, "record"))
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.records
            .iter()
            .try_for_each(|record| write_json_line(to, record))
    }
}

/// So many differences of a record are listed.
const DIFFERENCES: usize = 5;

/// Shows the records that a query asks for.
fn found(
    context: &Context,
    store: &dyn ComparisonStore,
    run: &Run,
    query: &RecordQuery,
    limit: usize,
) -> Result<Exit, Failure> {
    let mut found = Found {
        run: run.id.to_string(),
        records: Vec::new(),
        records_left_out: 0,
        records_cut: 0,
        difference: query.difference.clone().unwrap_or_default(),
    };
    find::visit(context, store, query, &mut |record| {
        if found.records.len() < limit {
            found.records.push(record);
        } else {
            found.records_left_out += 1;
        }
    })?;
    if query.difference.is_some() {
        let all = RecordQuery {
            difference: None,
            result: Some(RecordResult::Different),
            ..query.clone()
        };
        let is_cut = |record: &ComparisonRecord| {
            let comparison = record.judgement.comparison();
            comparison.is_some_and(|comparison| comparison.truncated)
        };
        find::visit(context, store, &all, &mut |record| {
            let is_asked = query.result.is_none_or(|result| result == record.result);
            found.records_cut += u64::from(is_asked && is_cut(&record) && !query.matches(&record));
        })?;
    }
    let first = found
        .records
        .first()
        .map(|record| record.label().to_owned());
    context.output.show(&found)?;
    if found.records_cut > 0 {
        let (verb, them) = match found.records_cut {
            1 => ("keeps", "it"),
            _ => ("keep", "them"),
        };
        context.output.warn(format_args!(
            "{} {verb} only the first of many differences, none of which is meant: of {them} it is not \
             known; a run keeps more with --limit N",
            counted(found.records_cut, "more record")
        ));
    }
    if let Some(case) = first.filter(|case| !case.starts_with('-')) {
        let words = ["compare", "show", run.id.as_str(), &case];
        context.output.next(command(&words));
    }
    Ok(Exit::Done)
}

/// A run with its records.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    summary: Summary,
    records: Vec<ComparisonRecord>,
    /// How many records there are besides.
    records_left_out: u64,
    #[serde(skip)]
    in_detail: bool,
    /// What was learned of old from all records of the run.
    #[serde(skip)]
    noise: Noise,
}

pub(super) fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let store = context.comparison_store();
    let run = find::run(&store, &args.id)?;
    if let Some(query) = args.filter.query(context, &run)? {
        return found(context, &store, &run, &query, args.limit);
    }
    let mut summing = Summing::for_limits(limits_of(&run));
    let mut records = Kept::new(args.limit);
    let mut cases = BTreeMap::new();
    let wanted = args.case.as_deref();
    let query = RecordQuery::of_run(run.id.clone());
    find::visit(context, &store, &query, &mut |record| {
        summing.add(&record);
        if wanted.is_none_or(|case| case == record.label() || case == record.id.as_str()) {
            records.add(record);
        } else {
            cases.insert(record.label().to_owned(), ());
        }
    })?;
    if let Some(case) = wanted
        && records.is_empty()
    {
        let failure = Failure::no(format_args!(
            "run {} has no case `{}`",
            run.id,
            printable(case)
        ));
        return Err(match closest(case, cases.keys().map(String::as_str)) {
            Some(near) => failure.hint(format_args!("did you mean `{}`?", printable(near))),
            None => failure.hint(format_args!(
                "`{}` names them",
                command(&["compare", "show", run.id.as_str()])
            )),
        });
    }
    let next = next_step(&run, wanted);
    let (records, records_left_out) = records.into_sorted();
    let planned = planned_cases(&run);
    context.output.show(&Shown {
        noise: summing.learned(),
        summary: summing.summary(context, &store, &run, planned)?,
        records,
        records_left_out,
        in_detail: wanted.is_some(),
    })?;
    if run.state == RunState::Interrupted && run.kind == RunKind::Commands {
        context.output.note(format_args!(
            "it did not come to its end; the command that it was started with goes on with it by \
             --resume {}",
            run.id
        ));
    }
    context.output.next(next);
    Ok(Exit::Done)
}

fn next_step(run: &Run, case: Option<&str>) -> String {
    match case {
        None => command(&["compare", "show", run.id.as_str(), "CASE"]),
        Some(_) => super::report_command(run.id.as_str()),
    }
}

/// A bounded number of records, those that are not equal before the others.
struct Kept {
    limit: usize,
    unequal: Vec<ComparisonRecord>,
    equal: Vec<ComparisonRecord>,
    seen: u64,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            unequal: Vec::new(),
            equal: Vec::new(),
            seen: 0,
        }
    }

    fn is_empty(&self) -> bool {
        self.seen == 0
    }

    fn add(&mut self, record: ComparisonRecord) {
        self.seen += 1;
        let kept = if record.result == RecordResult::Equal {
            &mut self.equal
        } else {
            &mut self.unequal
        };
        kept.push(record);
        // They come last first, and the first are to be kept.
        if kept.len() > self.limit.saturating_mul(2) {
            kept.drain(..kept.len() - self.limit);
        }
    }

    /// In the order in which they were planned, and how many were left out.
    fn into_sorted(self) -> (Vec<ComparisonRecord>, u64) {
        let mut records = self.unequal;
        records.reverse();
        records.extend(self.equal.into_iter().rev());
        records.truncate(self.limit);
        let left_out = self.seen - records.len() as u64;
        records.sort_by(|left, right| left.id.cmp(&right.id));
        (records, left_out)
    }
}

impl Report for Shown {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if !self.in_detail {
            return self.summary.write(page);
        }
        for record in &self.records {
            write_record(page, record, &self.noise)?;
        }
        Ok(())
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.records
            .iter()
            .try_for_each(|record| write_json_line(to, record))
    }
}

fn write_heading(page: &mut Page<'_>, record: &ComparisonRecord) -> io::Result<()> {
    let style = match record.result {
        RecordResult::Equal => GOOD,
        RecordResult::Different => BAD,
        RecordResult::Inexact | RecordResult::Failed => WARN,
    };
    let label = printable(record.label());
    writeln!(
        page,
        "{style}{}{style:#}  {BOLD}{label}{BOLD:#}  {DIM}{}{DIM:#}",
        record.result, record.id
    )
}

/// What is known of each of a record's differences.
fn marks(record: &ComparisonRecord, noise: &Noise) -> Vec<Mark> {
    let places = if noise.is_empty() {
        Vec::new()
    } else {
        noise.read_places(record)
    };
    let differences = record.judgement.differences().iter().enumerate();
    let mark = |(number, difference): (usize, &Difference)| {
        let (path, kind) = (generalize(&difference.path), difference.kind);
        let mut places = places.iter();
        let Some(place) = places.find(|place| place.path == path && place.kind == kind) else {
            return Mark::None;
        };
        let sample = record.noise.as_ref();
        let same = sample.filter(|sample| sample.is_steady(number, &path, kind));
        match same {
            _ if place.hidden == place.differences => Mark::Noise,
            None if noise.is_foreign(record, difference) => Mark::Foreign,
            Some(sample) => Mark::Same(sample.pairs + 1),
            None if place.hidden > 0 => Mark::Noise,
            None => Mark::None,
        }
    };
    differences.map(mark).collect()
}

fn write_record(page: &mut Page<'_>, record: &ComparisonRecord, noise: &Noise) -> io::Result<()> {
    write_heading(page, record)?;
    let mut sides = table([
        "",
        "ended with",
        "wall time",
        "processor time",
        "peak memory",
        "output",
    ]);
    for (name, side) in [("old", &record.old), ("new", &record.new)] {
        sides.add_row(side_row(name, side));
    }
    page.table(sides)?;
    match &record.judgement {
        Judgement::Failed(why) => writeln!(page, "{WARN}not compared:{WARN:#} {}", printable(why))?,
        Judgement::Compared(comparison) => {
            differences::write_kept(page, comparison, &marks(record, noise))?;
        }
    }
    let sides = [("old", &record.old), ("new", &record.new)];
    if ends_alone(record) {
        writeln!(
            page,
            "{DIM}what they wrote was not compared, because one of them failed{DIM:#}"
        )?;
        for (name, side) in sides {
            let wrote = side.answer.excerpt.as_deref().unwrap_or_default();
            write_beginning(page, &format!("{name} wrote"), wrote)?;
        }
    }
    for (name, side) in sides {
        if let Some(messages) = &side.messages {
            writeln!(page, "{DIM}messages of {name}:{DIM:#}")?;
            let lines: Vec<&str> = messages.lines().collect();
            for line in &lines[lines.len().saturating_sub(20)..] {
                writeln!(page, "  {}", printable(line))?;
            }
        }
    }
    if let Some(input) = &record.input {
        write_input(page, input)?;
    }
    if let Some(bytes) = record.shortened_from {
        writeln!(
            page,
            "{DIM}the record was too long to keep ({}): differences or texts were left out, and all \
             are counted{DIM:#}",
            show_size(bytes)
        )?;
    }
    writeln!(page)
}

/// Whether only how programs ended was compared.
fn ends_alone(record: &ComparisonRecord) -> bool {
    let read_as = record.unknown.get("read_as").and_then(|word| word.as_str());
    let ends = [&record.old, &record.new].map(|side| side.outcome.is_ok());
    read_as == Some("none") && ends[0] != ends[1] && record.judgement.comparison().is_some()
}

/// The first lines of a text, under a heading.
fn write_beginning(page: &mut Page<'_>, heading: &str, text: &str) -> io::Result<()> {
    const LINES: usize = 5;
    if text.is_empty() {
        return Ok(());
    }
    writeln!(page, "{DIM}{heading}:{DIM:#}")?;
    for line in text.lines().take(LINES) {
        writeln!(page, "  {}", printable(&shorten(line, 200)))?;
    }
    let more = text.lines().count().saturating_sub(LINES);
    if more > 0 {
        let lines = counted(more as u64, "line");
        writeln!(page, "  {DIM}… and {lines} more{DIM:#}")?;
    }
    Ok(())
}

/// A recorded input, its parts apart.
fn write_input(page: &mut Page<'_>, input: &RecordedInput) -> io::Result<()> {
    let Some(value) = input.value() else {
        let why = match input {
            RecordedInput::TooLarge { bytes, limit } => {
                let mut sizes = [*bytes, *limit].map(show_size);
                if sizes[0] == sizes[1] {
                    sizes = [bytes, limit].map(|size| format!("{size} bytes"));
                }
                let [bytes, limit] = sizes;
                format!("{bytes} of it, and no more than {limit} is recorded")
            }
            RecordedInput::Failed(why) => why.clone(),
            RecordedInput::Kept { .. } => String::new(),
        };
        return writeln!(page, "{DIM}input not kept: {}{DIM:#}", printable(&why));
    };
    let redacted = if input.is_changed() { ", redacted" } else { "" };
    let part = |name: &str| value.root().get(name);
    if part("stdin").is_none() && part("args").is_none() {
        return write_beginning(page, &format!("input{redacted}"), &value.to_json());
    }
    for name in ["stdin", "args", "env"] {
        if let Some(part) = part(name) {
            let text = part.as_str().map_or_else(|| part.to_json(), str::to_owned);
            write_beginning(page, &format!("input ({name}{redacted})"), &text)?;
        }
    }
    Ok(())
}

fn side_row(name: &str, side: &SideRecord) -> [String; 6] {
    let unknown = || "–".to_owned();
    let measured = &side.measurements;
    // A program smaller than its measuring process cannot be told from it.
    let floor = side
        .unknown
        .get("measuring_floor_bytes")
        .and_then(serde_json::Value::as_u64);
    let memory = match (measured.peak_memory, floor) {
        (Some(peak), _) => show_size(peak),
        (None, Some(floor)) => format!("≤ {}", show_size(floor)),
        (None, None) => unknown(),
    };
    [
        name.to_owned(),
        printable(&side.outcome.to_string()),
        measured.wall.map_or_else(unknown, show_duration),
        Measurements::cpu(measured).map_or_else(unknown, show_duration),
        memory,
        side.answer.bytes.map_or_else(unknown, show_size),
    ]
}
