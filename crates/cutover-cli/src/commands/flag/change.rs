//! The one way in which the command line changes flags: plan, show, ask, commit, tell.

use std::io::{self, Write};
use std::path::PathBuf;

use cutover_app::flags::{FlagService, Request};
use cutover_domain::flags::{FlagDocument, KeyChange, Revision};
use serde::Serialize;

use super::consequences::warnings;
use super::describe::{answers, line, restored};
use super::fields::fields;
use super::masks::Masks;
use super::open::Flags;
use super::view::FlagView;
use crate::confirm::{ChangeArgs, Decision};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, style};
use crate::place::FlagPlace;
use crate::suggest::command;

/// The revision before this one, as an option takes it.
pub(in crate::commands) fn before(revision: Revision) -> String {
    revision.number().saturating_sub(1).to_string()
}

/// A change that a command wants to make.
pub(super) struct Wish<'a> {
    pub(super) service: &'a FlagService,
    pub(super) args: &'a ChangeArgs,
    pub(super) request: Request,
    /// The next useful command after it, from the revision before and after it.
    pub(super) next: &'a dyn Fn(Revision) -> String,
    /// What only this command knows to warn about, once it is made or shown.
    pub(super) warnings: Vec<String>,
}

/// A request with who, why and from which revision.
pub(super) fn request(args: &ChangeArgs) -> Request {
    let mut request = Request::by(args.actor());
    if let Some(reason) = &args.reason {
        request = request.because(reason);
    }
    if let Some(revision) = args.expect {
        request = request.expecting(Revision::new(revision));
    }
    request
}

/// How often a change that was worked out from the flags as they are begins again because somebody
/// else was first. Each time somebody else has succeeded.
const ATTEMPTS: usize = 1000;

/// Why an attempt at a change came to nothing.
pub(super) enum Unmade {
    /// Trying again would change nothing about it.
    ForGood(Failure),
    /// Somebody else was first.
    Overtaken(Failure),
}

impl From<Failure> for Unmade {
    fn from(failure: Failure) -> Self {
        match failure.exit() {
            Exit::Conflict => Self::Overtaken(failure),
            _ => Self::ForGood(failure),
        }
    }
}

/// Makes a change that `attempt` works out from the flags as it finds them, for just that revision:
/// from the start when somebody else was first. Not where a revision was expected, nor where a
/// person was shown what would happen: that is then no longer what would happen.
pub(super) fn from_the_start(
    args: &ChangeArgs,
    attempt: impl Fn() -> Result<Exit, Unmade>,
) -> Result<Exit, Failure> {
    let mut attempts = if args.yes && args.expect.is_none() {
        ATTEMPTS
    } else {
        1
    };
    loop {
        attempts -= 1;
        match attempt() {
            Ok(exit) => return Ok(exit),
            Err(Unmade::Overtaken(_)) if attempts > 0 => {}
            Err(Unmade::ForGood(failure) | Unmade::Overtaken(failure)) => return Err(failure),
        }
    }
}

/// Says that everything is as it is wanted, which makes no revision.
pub(super) fn nothing_to_do(
    context: &Context,
    flags: &Flags,
    args: &ChangeArgs,
) -> Result<Exit, Failure> {
    let document = &flags.document;
    let mut report = Changed::new(document, document.revision, &[], Detail::InWords);
    report.dry_run = args.dry_run;
    report.idle = true;
    context.output.show_done(&report)?;
    context.output.next(command(&["flag", "list"]));
    Ok(Exit::Done)
}

/// How much of a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// A line for each flag.
    InWords,
    /// And below it a line for each field.
    ByField,
}

impl Detail {
    fn lines(self, change: &KeyChange) -> Vec<String> {
        let mut lines = vec![line(change)];
        if self == Self::ByField {
            lines.extend(fields(change).into_iter().map(|field| format!("  {field}")));
        }
        lines
    }
}

impl Wish<'_> {
    /// Carries it out, as far as it is allowed to.
    pub(super) fn make(self, context: &Context) -> Result<Exit, Failure> {
        self.carry_out(context, Detail::InWords)
    }

    /// The same, told field by field: for changes that a person did not spell out one by one.
    pub(super) fn make_field_by_field(self, context: &Context) -> Result<Exit, Failure> {
        self.carry_out(context, Detail::ByField)
    }

    fn carry_out(self, context: &Context, detail: Detail) -> Result<Exit, Failure> {
        let Self {
            service,
            args,
            mut request,
            next,
            warnings: of_command,
        } = self;
        let warnings = |document: &FlagDocument, changes: &[KeyChange], masks: &Masks| {
            let of_change = warnings(document, changes);
            let all = of_command.iter().cloned().chain(of_change);
            all.chain(masks.over_changes(changes)).collect::<Vec<_>>()
        };
        // Somebody who must not be asked is not shown a plan either: one load less.
        if args.dry_run || !args.yes {
            let plan = pollster::block_on(service.plan(&request))?;
            let (masks, _) = Masks::over(context, &plan.after);
            let report = Changed::new(&plan.after, plan.before.revision, &plan.changes, detail)
                .under(&masks)
                .dry();
            let warnings = warnings(&plan.after, &plan.changes, &masks);
            let lines = plan.changes.iter().flat_map(|change| detail.lines(change));
            let warned = warnings
                .iter()
                .map(|warning| format!("{0}warning:{0:#} {warning}", style::WARN));
            let preview: String = lines.chain(warned).map(|line| line + "\n").collect();
            let question = match plan.changes.len() {
                _ if report.idle => "Nothing changes. Make a revision of it?".to_owned(),
                0 => "Make an empty store?".to_owned(),
                1 => "Make this change?".to_owned(),
                many => format!("Make these {many} changes?"),
            };
            if args.decide(context, &preview, &question)? == Decision::Show {
                context.output.show(&report)?;
                for warning in warnings {
                    context.output.warn(warning);
                }
                context.output.note("nothing was changed (--dry-run)");
                return Ok(Exit::Done);
            }
            // What was shown is what is made, or nothing.
            request = request.expecting(plan.before.revision);
        }
        let missing = missing_database(context);
        let done = pollster::block_on(service.apply(&request))?;
        if let Some(database) = missing {
            let made = printable(&database.display().to_string());
            context
                .output
                .note(format_args!("made the database {made}"));
        }
        let (document, record) = (&done.document, &done.record);
        let (masks, _) = Masks::over(context, document);
        let report = Changed::new(document, record.revision, &record.changes, detail).under(&masks);
        context.output.show_done(&report).map_err(|failure| {
            // It is made whether or not it can be told.
            failure.after(format_args!("revision {} was made", record.revision))
        })?;
        for warning in warnings(document, &record.changes, &masks) {
            context.output.warn(warning);
        }
        context.output.next(next(record.revision));
        Ok(Exit::Done)
    }
}

/// The database of the flags, where there is none yet: its name may be misspelt.
fn missing_database(context: &Context) -> Option<PathBuf> {
    match context.place.flags() {
        FlagPlace::Database { path, .. } if !path.exists() => Some(path),
        _ => None,
    }
}

/// What a change made, or would make.
#[derive(Serialize)]
struct Changed<'a> {
    dry_run: bool,
    /// The revision that is in force now.
    revision: Revision,
    /// The flag as it is after the change, when the change is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<FlagView<'a>>,
    changes: &'a [KeyChange],
    /// Whether everything is as it was before.
    #[serde(skip)]
    idle: bool,
    #[serde(skip)]
    detail: Detail,
}

impl<'a> Changed<'a> {
    fn new(
        after: &'a FlagDocument,
        revision: Revision,
        changes: &'a [KeyChange],
        detail: Detail,
    ) -> Self {
        let flag = match changes {
            [only] => after.flags.get_key_value(&only.key),
            _ => None,
        };
        let flag = flag.map(|(key, definition)| FlagView::new(key, definition));
        Self {
            dry_run: false,
            revision,
            flag,
            changes,
            detail,
            idle: after.revision > Revision::new(1)
                && changes.iter().all(|change| change.before == change.after),
        }
    }

    /// The same with what variables do to the flag.
    fn under(self, masks: &'a Masks) -> Self {
        let flag = self.flag.map(|flag| {
            let key = flag.key.as_str();
            flag.under(masks.of(key))
        });
        Self { flag, ..self }
    }

    fn dry(self) -> Self {
        Self {
            dry_run: true,
            ..self
        }
    }
}

impl Report for Changed<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for line in self
            .changes
            .iter()
            .flat_map(|change| self.detail.lines(change))
        {
            writeln!(page, "{line}")?;
        }
        if let (false, Some(flag)) = (self.dry_run, &self.flag) {
            writeln!(page, "{} answers {}", flag.key, answers(flag.definition))?;
            if let Some(restored) = restored(flag.definition) {
                writeln!(page, "once restored: {restored}")?;
            }
        }
        if self.idle {
            writeln!(page, "nothing is different: everything is as it was before")?;
        }
        writeln!(page, "revision {}", self.revision)
    }
}
