//! `flag import`: flags from elsewhere, shown before they are anybody's answer.

mod report;
mod sides;
mod source;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cutover_app::flags::{ApplyError, Request};
use cutover_domain::flags::import::{Imported, Others};
use cutover_domain::flags::{ChangeError, FlagDocument, KeyChange, Revision};
use cutover_env::Scheme;

use super::change::from_the_start;
use super::consequences::warnings;
use super::masks::Masks;
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
        ("cutover flag import flags.flagd.json --from flagd --lossy", "what cannot be said is told"),
        ("cutover flag import .env --from env --scheme feature", ""),
        ("cutover flag export | cutover flag import - --from native --store file:other", ""),
    ]),
    after_help = "Nothing is changed without --yes. Flags that are already what the file says are \
                  left alone. Exit codes: 0 done or shown, 1 the file describes no flags that can \
                  be, or something that has no equivalent here and --lossy is missing, 3 it cannot \
                  be read, 7 conflict."
)]
pub struct ImportArgs {
    /// The file; `-` reads standard input. Without one, --from env reads the variables of this
    /// process
    file: Option<PathBuf>,
    /// What the file is
    #[arg(long, value_enum, value_name = "FORM")]
    from: Form,
    /// Leave out or approximate what has no equivalent here, instead of refusing
    #[arg(long)]
    lossy: bool,
    /// Remove the flags that the file does not name
    #[arg(long)]
    prune: bool,
    /// Only env: how flags are written as variables, feature or mdm [default: feature]
    #[arg(long, value_name = "SCHEME")]
    scheme: Option<Scheme>,
    /// Only env: what the names of the variables begin with [default: that of the scheme]
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
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
    /// Flag definitions of flagd
    Flagd,
    /// A dotenv file, or the variables of this process
    Env,
    /// What `flag export` writes, or a whole document of flags
    Native,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Mdm => "mdm",
            Self::Flagd => "flagd",
            Self::Env => "env",
            Self::Native => "native",
        }
    }
}

pub(super) fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    check(args)?;
    let subject = Subject::read(&args.subject)?;
    let units = args.units.as_deref().map(Units::read).transpose()?;
    if let (Some(units), Some(path)) = (&units, &args.units) {
        units.oddities.tell(context, path);
    }
    let source = Source::read(args)?;
    from_the_start(&args.change, || {
        Ok(attempt(context, args, &source, &subject, units.as_ref())?)
    })
}

/// Refuses options that mean nothing together.
fn check(args: &ImportArgs) -> Result<(), Failure> {
    let is_stdin = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    if is_stdin(&args.file) && is_stdin(&args.units) {
        return Err(Failure::usage(
            "only one of the file and the units can be standard input",
        ));
    }
    for (option, is_given, form) in [
        ("--as-answered", args.as_answered, Form::Mdm),
        ("--scheme", args.scheme.is_some(), Form::Env),
        ("--prefix", args.prefix.is_some(), Form::Env),
    ] {
        if is_given && args.from != form {
            let form = form.name();
            return Err(Failure::usage(format_args!(
                "{option} is for --from {form}"
            )));
        }
    }
    if args.prune && args.from == Form::Env {
        return Err(Failure::usage(
            "variables say nothing about flags they do not name, so --prune would remove too much",
        ));
    }
    Ok(())
}

fn attempt(
    context: &Context,
    args: &ImportArgs,
    source: &Source,
    subject: &Subject,
    units: Option<&Units>,
) -> Result<Exit, Failure> {
    let flags = Flags::open(context)?;
    let name = &source.name;
    let others = if args.prune {
        Others::Remove
    } else {
        Others::Keep
    };
    let imported = source.imported(&flags.document);
    let changes = imported.changes(&flags.document.flags, others);
    let is_idle = changes.is_empty();
    let request = reasoned(flags.request(&args.change)?, args, name, &imported);
    let wanted = changes.into_iter().fold(request, Request::change);
    let plan =
        pollster::block_on(flags.service.plan(&wanted)).map_err(|error| invalid(error, name))?;
    let (before, after) = (&plan.before, &plan.after);
    let lists = subject.lists();
    let asking = subject.asking(&lists);
    let sides = units.map(|units| Sides::new(source, &imported, before, after, &asking, units));
    let (masks, _) = Masks::over(context, after);
    let mut warnings = warnings(after, &plan.changes);
    warnings.extend(masks.over_changes(&plan.changes));
    let mut report = ImportReport {
        dry_run: true,
        revision: before.revision,
        from: args.from.name(),
        changes: &plan.changes,
        unchanged: unchanged(&imported, &plan.changes),
        notes: &imported.notes,
        warnings: &warnings,
        units: sides.as_ref(),
    };
    let lost = imported.lost().count();
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
fn reasoned(request: Request, args: &ImportArgs, name: &str, imported: &Imported) -> Request {
    if request.reason.is_some() {
        return request;
    }
    let told = imported
        .background
        .as_ref()
        .map(|background| format!("; {background}"))
        .unwrap_or_default();
    let reason = format!("imported from {name} ({}){told}", args.from.name());
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
