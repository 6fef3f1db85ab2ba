//! `cutover diff`.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use cutover_domain::comparison::{Comparison, DifferenceKind};
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format, Problem};
use serde::Serialize;

use super::rules::{RuleArgs, compare_in_time};
use super::{differences, examples};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::style::{BAD, GOOD, WARN};
use crate::output::{Page, Report, write_json_line};

/// Compare two documents.
#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover diff old.json new.json", ""),
    ("cutover diff old.json new.json --key '$=id' --ignore '$[*].updated_at'",
     "records known by their id"),
    ("curl -s https://new.example/api | cutover diff old.json - --unordered", ""),
]), after_help = "Exit codes: 0 equal, 1 different (or not decided), 3 a document cannot be read.")]
pub struct DiffArgs {
    /// The old document; `-` is standard input
    old: PathBuf,
    /// The new document; `-` is standard input
    new: PathBuf,
    /// The format of both documents, json or jsonl [default: by their names, else their content]
    #[arg(long, value_name = "FORMAT", value_parser = input_format)]
    input_format: Option<Format>,
    #[command(flatten)]
    rules: RuleArgs,
}

fn input_format(name: &str) -> Result<Format, String> {
    Format::by_name(name).ok_or_else(|| {
        format!(
            "the formats are {}",
            Format::ALL.map(Format::name).join(", ")
        )
    })
}

/// A document to read.
struct Source<'a> {
    path: &'a Path,
    format: Option<Format>,
}

impl Source<'_> {
    fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    fn name(&self) -> String {
        if self.is_stdin() {
            "standard input".to_owned()
        } else {
            self.path.display().to_string()
        }
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        if !self.is_stdin() {
            return std::fs::read(self.path);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read(&self) -> Result<Tree, Failure> {
        let bytes = self
            .bytes()
            .map_err(|error| Failure::io(format_args!("read {}", self.name()), &error))?;
        let name = self.name();
        let mut document = Document::new(&bytes).named(&name);
        if let Some(format) = self.format {
            document = document.format(format);
        }
        document.read().map_err(|error| {
            let failure = Failure::trouble(&error);
            match error.problem {
                Problem::UnknownFormat(_) => failure.hint("say which it is with --input-format"),
                _ => failure,
            }
        })
    }
}

/// What differs between two documents.
#[derive(Serialize)]
struct Found(Comparison);

impl Report for Found {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Self(comparison) = self;
        differences::write_comparison(page, comparison)?;
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
        self.0
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
    let comparator = args.rules.comparator()?;
    let format = args.input_format;
    let old = Source {
        path: &args.old,
        format,
    };
    let new = Source {
        path: &args.new,
        format,
    };
    if old.is_stdin() && new.is_stdin() {
        return Err(Failure::usage(
            "only one of the documents can be standard input",
        ));
    }
    // Reading is most of the work, and the documents have nothing to do with each other.
    let (old, new) = thread::scope(|scope| {
        let new = scope.spawn(|| new.read());
        let old = old.read();
        (old, new.join())
    });
    let new = new.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let comparison = compare_in_time(&comparator, &old?, &new?);
    let equal = comparison.equal;
    let unseen = outside_of_only(&comparison);
    context.output.show(&Found(comparison))?;
    if equal && unseen > 0 {
        context.output.warn(format_args!(
            "what --only looks at is equal, and {unseen} differences lie outside of it: see that \
             its path is the one you mean"
        ));
    }
    Ok(Exit::answer(equal))
}
