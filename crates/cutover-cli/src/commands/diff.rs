//! `cutover diff`.

mod lines;
mod source;
#[cfg(feature = "tables")]
mod table;

use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;

use clap::Args;
use cutover_domain::comparison::{Comparison, DifferenceKind};
use cutover_formats::Format;
use serde::{Serialize, Serializer};

use self::lines::Lines;
use self::source::{Source, is_stdin};
use super::compare::quantity::size;
use super::hidden::{warn_of_blindness, warn_of_unmatched};
use super::rules::{RuleArgs, compare_in_time};
#[cfg(feature = "tables")]
use super::table_kind::TableKind;
use super::{differences, examples};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::style::{BAD, GOOD, WARN};
use crate::output::{self, Page, Report, write_json_line};

const FORMATS_HELP: &str = "\
Formats: json, jsonl (one value a line), yaml, toml and text, told by the file's name, else by its \
content, else as the other document's; what nothing is known of is text. Documents of different \
formats are compared by their values. Texts are compared line by line, and shown as diff -u shows \
them: patch takes it, unless a line has control characters, which are made visible, or is longer than \
500 letters, which is shortened.

Tables: csv, tsv, parquet, arrow (feather, ipc), sqlite:FILE?table=NAME, and jsonl where rows are \
asked for (--key-columns, --bag); told by the file's name. Both may be of different kinds. A pipe, \
such as <(COMMAND), is as --input-format says, else as the other table.

With --quiet nothing is written in the table format: the exit code answers.

Exit codes: 0 equal, 1 different (or not decided), 2 options that cannot be used, 3 a document \
cannot be read.";

/// Compare two documents or tables.
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover diff old.json new.json", ""),
    ("cutover diff old.json new.json --key '$=id' --ignore '$[*].updated_at'",
     "records known by their id"),
    ("curl -s https://new.example/api | cutover diff old.json - --unordered", ""),
    ("cutover diff deploy.yaml deploy.toml", "the same settings in another format"),
    ("cutover diff old.log new.log", "texts, line by line"),
    ("cutover diff old.parquet new.csv --key-columns id", "tables, row by row"),
]), after_help = FORMATS_HELP)]
pub struct DiffArgs {
    /// The old document; `-` is standard input
    old: PathBuf,
    /// The new document; `-` is standard input
    new: PathBuf,
    /// The format of both: json, jsonl, yaml, toml or text; of tables whose names do not say it: csv,
    /// tsv, parquet, arrow or jsonl [default: see below]
    #[arg(long, value_name = "FORMAT", value_parser = input_format)]
    input_format: Option<InputFormat>,
    /// Read no more than this of a document, or of a table from a pipe: 4GiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_input: Option<usize>,
    #[command(flatten)]
    rules: RuleArgs,
    #[cfg(feature = "tables")]
    #[command(flatten)]
    tables: table::TableArgs,
}

/// What both sides are to be read as.
#[derive(Clone, Copy, Debug)]
enum InputFormat {
    /// Documents; JSON Lines may be tables as well.
    Document(Format),
    #[cfg(feature = "tables")]
    Table(TableKind),
}

fn input_format(name: &str) -> Result<InputFormat, String> {
    if let Some(format) = Format::by_name(name) {
        return Ok(InputFormat::Document(format));
    }
    let mut names = Format::ALL.map(Format::name).to_vec();
    #[cfg(feature = "tables")]
    {
        let kinds = [
            TableKind::Csv,
            TableKind::Tsv,
            TableKind::Parquet,
            TableKind::Arrow,
        ];
        if let Some(kind) = kinds.into_iter().find(|kind| kind.name() == name) {
            return Ok(InputFormat::Table(kind));
        }
        names.extend(kinds.map(TableKind::name));
    }
    Err(format!("the formats are {}", names.join(", ")))
}

/// What differs between two documents.
#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    comparison: Comparison,
    formats: Formats,
    #[serde(skip)]
    names: (&'a str, &'a str),
    /// For eyes, where both are texts.
    #[serde(skip)]
    lines: Option<Lines<'a>>,
}

/// As what the documents were read.
#[derive(Clone, Copy, Serialize)]
struct Formats {
    #[serde(serialize_with = "format_name")]
    old: Format,
    #[serde(serialize_with = "format_name")]
    new: Format,
}

fn format_name<S: Serializer>(format: &Format, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(format.name())
}

impl Report for Found<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let comparison = &self.comparison;
        match &self.lines {
            Some(lines) => {
                lines.write(page, self.names)?;
                differences::write_asides(page, comparison)?;
            }
            None => differences::write_comparison(page, comparison)?,
        }
        let counts: Vec<String> = DifferenceKind::ALL
            .into_iter()
            .map(|kind| (comparison.counts.of(kind), kind))
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{count} {kind}"))
            .collect();
        match (comparison.equal, counts.is_empty()) {
            (true, true) => writeln!(page, "{GOOD}equal{GOOD:#}"),
            (true, false) => writeln!(
                page,
                "{GOOD}equal{GOOD:#} but for what --fail-on lets pass: {}",
                counts.join(", ")
            ),
            (false, true) => writeln!(page, "{WARN}not decided{WARN:#}"),
            (false, false) => writeln!(page, "{BAD}different{BAD:#}: {}", counts.join(", ")),
        }
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.comparison
            .differences
            .iter()
            .try_for_each(|difference| write_json_line(to, difference))
    }
}

/// How many differences nobody looked at because of `--only`: all of them where its path is
/// misspelt.
fn outside_of_only(comparison: &Comparison) -> u64 {
    let hits = comparison.hidden.iter();
    hits.filter(|hit| hit.rule.starts_with("only "))
        .map(|hit| hit.hidden)
        .sum()
}

pub(crate) fn run(context: &Context, args: DiffArgs) -> Result<Exit, Failure> {
    if is_stdin(&args.old) && is_stdin(&args.new) {
        return Err(Failure::usage(
            "only one of the documents can be standard input",
        ));
    }
    #[cfg(feature = "tables")]
    if table::is_wanted(&args)? {
        return table::run(context, &args);
    }
    documents(context, &args)
}

/// Compares two documents that fit into memory as trees.
fn documents(context: &Context, args: &DiffArgs) -> Result<Exit, Failure> {
    let comparator = args.rules.comparator()?;
    let most = args.max_input.unwrap_or(source::MOST);
    let (old, new) = both(
        || Source::load(&args.old, most),
        || Source::load(&args.new, most),
    )?;
    let asked = match args.input_format {
        Some(InputFormat::Document(format)) => Some(format),
        _ => None,
    };
    let formats = Formats {
        old: old.format(asked, &new),
        new: new.format(asked, &old),
    };
    let (old_tree, new_tree) = both(|| old.read(formats.old), || new.read(formats.new))?;
    let mut comparison = compare_in_time(&comparator, &old_tree, &new_tree);
    let unmatched = comparison.unmatched.take().unwrap_or_default();
    let equal = comparison.equal;
    let unseen = outside_of_only(&comparison);
    let hidden = comparison.hidden.clone();
    let texts = matches!((formats.old, formats.new), (Format::Text, Format::Text));
    let lines = (texts && context.output.format() == output::Format::Table)
        .then(|| Lines::of(&comparator, &comparison, &old_tree, &new_tree))
        .flatten();
    context.output.show_done(&Found {
        comparison,
        formats,
        names: (old.name(), new.name()),
        lines,
    })?;
    if formats.old != formats.new {
        context.output.note(format_args!(
            "old was read as {}, new as {}",
            formats.old, formats.new
        ));
    }
    if equal && unseen > 0 {
        context.output.warn(format_args!(
            "what --only looks at is equal; outside of it {}: see that its path is the one you mean",
            match unseen {
                1 => "lies 1 difference".to_owned(),
                many => format!("lie {many} differences"),
            }
        ));
    }
    warn_of_blindness(context, &hidden, !equal);
    warn_of_unmatched(context, &unmatched);
    Ok(Exit::answer(equal))
}

/// Does the same to both documents at once: reading is most of the work, and they have nothing to
/// do with each other.
fn both<T: Send>(
    old: impl FnOnce() -> Result<T, Failure>,
    new: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<(T, T), Failure> {
    let (old, new) = thread::scope(|scope| {
        let new = scope.spawn(new);
        let old = old();
        (old, new.join())
    });
    let new = new.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok((old?, new?))
}
