//! `flag import`: flags from elsewhere, shown before they are anybody's answer.

mod report;
mod sides;
mod source;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cutover_app::flags::{ApplyError, Request};
use cutover_domain::flags::import::{Imported, Others};
use cutover_domain::flags::{ChangeError, FlagDocument, KeyChange, Revision};

use super::change::from_the_start;
use super::consequences::warnings;
use super::open::Flags;
use super::subject::{Subject, SubjectArgs};
use super::units::Units;
use crate::commands::examples;
use crate::confirm::ChangeArgs;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::suggest::command;
use report::ImportReport;
use sides::Sides;
use source::Source;

#[derive(Args, Debug)]
#[command(
    before_help = examples(&[
        ("cutover flag import flags.json --from native", "shows what would change"),
        ("cutover flag import flags.json --from native --yes", "changes it, as one revision"),
        ("cutover flag import feature_flags.json --from mdm --units units.txt", "and for whom"),
        ("cutover flag export | cutover flag import - --from native --store file:other", ""),
    ]),
    after_help = "Nothing is changed without --yes. Flags that are already what the file says are \
                  left alone. Exit codes: 0 done or shown, 1 the file describes no flags that can \
                  be, or something that has no equivalent here and --lossy is missing, 3 it cannot \
                  be read, 7 conflict."
)]
pub struct ImportArgs {
    /// The file; `-` reads standard input
    file: PathBuf,
    /// What the file is
    #[arg(long, value_enum, value_name = "FORM")]
    from: Form,
    /// Leave out or approximate what has no equivalent here, instead of refusing
    #[arg(long)]
    lossy: bool,
    /// Remove the flags that the file does not name
    #[arg(long)]
    prune: bool,
    /// Only mdm: nested percentages, which its code never read, become 0 %, as it answered
    #[arg(long)]
    as_answered: bool,
    /// Say who changes sides among the units in this file, one a line; each is taken for a unit
    /// and, without --tenant, for a tenant
    #[arg(long, value_name = "FILE")]
    units: Option<PathBuf>,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// What a file of flags may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// feature_flags.json of the dataset manager
    Mdm,
    /// What `flag export` writes, or a whole document of flags
    Native,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Mdm => "mdm",
            Self::Native => "native",
        }
    }
}

pub(super) fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let is_stdin = |path: &Path| path.as_os_str() == "-";
    if is_stdin(&args.file) && args.units.as_deref().is_some_and(is_stdin) {
        return Err(Failure::usage(
            "only one of the file and the units can be standard input",
        ));
    }
    if args.as_answered && args.from != Form::Mdm {
        return Err(Failure::usage("--as-answered is for --from mdm"));
    }
    let flags = Flags::open(context)?;
    let subject = Subject::read(&args.subject)?;
    let units = args.units.as_deref().map(Units::read).transpose()?;
    let source = Source::read(&args.file, args.from, args.as_answered)?;
    let name = source.name.clone();
    let others = if args.prune {
        Others::Remove
    } else {
        Others::Keep
    };
    let changes = source.imported.changes(&flags.document.flags, others);
    let is_idle = changes.is_empty();
    let wanted = changes
        .into_iter()
        .fold(named(args, &source), Request::change);
    let plan =
        pollster::block_on(flags.service.plan(&wanted)).map_err(|error| invalid(error, name))?;
    let (before, after) = (&plan.before, &plan.after);
    let attributes = subject.attributes();
    let sides = units
        .as_ref()
        .map(|units| Sides::new(&source, before, after, &subject, &attributes, units));
    let warnings = warnings(after, &plan.changes);
    let mut report = ImportReport {
        dry_run: true,
        revision: before.revision,
        from: args.from.name(),
        changes: &plan.changes,
        unchanged: unchanged(&source.imported, &plan.changes),
        notes: &source.imported.notes,
        warnings: &warnings,
        units: sides.as_ref(),
    };
    let lost = source.imported.lost().count();
    if lost > 0 && !args.lossy {
        context.output.show(&report)?;
        return Err(refused(lost, name));
    }
    if args.change.dry_run || !args.change.yes || is_idle {
        context.output.show(&report)?;
        tell_nothing_changed(context, args, is_idle);
        return Ok(Exit::Done);
    }
    let done = pollster::block_on(flags.service.apply(&wanted))?;
    let revision = done.record.revision;
    report.dry_run = false;
    report.revision = revision;
    context.output.show_done(&report).map_err(|failure| {
        // It is made whether or not it can be told.
        failure.after(format_args!("revision {revision} was made"))
    })?;
    context.output.next(next(before));
    Ok(Exit::Done)
}

/// The request with where the flags come from as its reason, if nobody gave one.
fn reasoned(request: Request, args: &ImportArgs, source: &Source) -> Request {
    if request.reason.is_some() {
        return request;
    }
    let told = source
        .imported
        .background
        .as_ref()
        .map(|background| format!("; {background}"))
        .unwrap_or_default();
    let reason = format!("imported from {} ({}){told}", source.name, args.from.name());
    request.because(reason)
}

fn unchanged(imported: &Imported, changes: &[KeyChange]) -> usize {
    let changed = changes
        .iter()
        .filter(|change| imported.flags.contains_key(&change.key));
    imported.flags.len() - changed.count()
}

fn tell_nothing_changed(context: &Context, args: &ImportArgs, is_idle: bool) {
    if is_idle {
        context
            .output
            .note("nothing was changed: the flags are already what the file says");
    } else if args.change.dry_run {
        context.output.note("nothing was changed (--dry-run)");
    } else {
        context
            .output
            .note("nothing was changed; the same with --yes imports it");
    }
}

fn refused(lost: usize, name: &str) -> Failure {
    let things = match lost {
        1 => "1 thing has".to_owned(),
        many => format!("{many} things have"),
    };
    Failure::no(format_args!(
        "{name} is not imported: {things} no equivalent here"
    ))
    .hint("look at the lines that say lost; with --lossy the rest is imported")
}

/// A document that would be invalid is the file's fault, not that of whoever typed the command.
fn invalid(error: ApplyError, name: &str) -> Failure {
    match error {
        ApplyError::Change(ChangeError::Invalid(problems)) => Failure::no(format_args!(
            "{name} describes flags that cannot be:\n{problems}"
        )),
        other => other.into(),
    }
}

fn next(before: &FlagDocument) -> String {
    let list = command(&["flag", "list"]);
    if before.revision == Revision::ZERO {
        return list;
    }
    let revision = before.revision.to_string();
    format!(
        "{list}; back: {}",
        command(&["flag", "undo", "--to", &revision])
    )
}
