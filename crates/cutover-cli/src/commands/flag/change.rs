//! The one way in which the command line changes flags: plan, show, ask, commit, tell.

use std::io::{self, Write};

use cutover_app::flags::{FlagService, Request};
use cutover_domain::flags::{Definition, FlagDocument, FlagKey, KeyChange, Revision, State};
use serde::Serialize;

use super::describe::{answers, line};
use super::view::FlagView;
use crate::confirm::{ChangeArgs, Decision};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report};

/// A change that a command wants to make.
pub(super) struct Wish<'a> {
    pub(super) service: &'a FlagService,
    pub(super) args: &'a ChangeArgs,
    pub(super) request: Request,
    /// The next useful command after it, from the revision before and after it.
    pub(super) next: &'a dyn Fn(Revision) -> String,
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

impl Wish<'_> {
    /// Carries it out, as far as it is allowed to.
    pub(super) fn make(self, context: &Context) -> Result<Exit, Failure> {
        let Self {
            service,
            args,
            mut request,
            next,
        } = self;
        // Somebody who must not be asked is not shown a plan either: one load less.
        if args.dry_run || !args.yes {
            let plan = pollster::block_on(service.plan(&request))?;
            let preview: String = plan
                .changes
                .iter()
                .map(|change| format!("{}\n", line(change)))
                .collect();
            let question = match plan.changes.len() {
                0 => "Make an empty store?".to_owned(),
                1 => "Make this change?".to_owned(),
                many => format!("Make these {many} changes?"),
            };
            if args.decide(context, &preview, &question)? == Decision::Show {
                let report = Changed::new(&plan.after, plan.before.revision, &plan.changes, true);
                context.output.show(&report)?;
                context.output.note("nothing was changed (--dry-run)");
                return Ok(Exit::Done);
            }
            // What was shown is what is made, or nothing.
            request = request.expecting(plan.before.revision);
        }
        let done = pollster::block_on(service.apply(&request))?;
        let (document, record) = (&done.document, &done.record);
        context.output.show(&Changed::new(
            document,
            record.revision,
            &record.changes,
            false,
        ))?;
        for change in &record.changes {
            warn(context, document, change);
        }
        context.output.next(next(record.revision));
        Ok(Exit::Done)
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
}

impl<'a> Changed<'a> {
    fn new(
        after: &'a FlagDocument,
        revision: Revision,
        changes: &'a [KeyChange],
        dry_run: bool,
    ) -> Self {
        let flag = match changes {
            [only] => after.flags.get_key_value(&only.key),
            _ => None,
        };
        let flag = flag.map(|(key, definition)| FlagView::new(key, definition));
        Self {
            dry_run,
            revision,
            flag,
            changes,
        }
    }
}

impl Report for Changed<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for change in self.changes {
            writeln!(page, "{}", line(change))?;
        }
        if let (false, Some(flag)) = (self.dry_run, &self.flag) {
            writeln!(page, "{} answers {}", flag.key, answers(flag.definition))?;
        }
        writeln!(page, "revision {}", self.revision)
    }
}

/// What stands between a change and what it was made for.
fn warn(context: &Context, document: &FlagDocument, change: &KeyChange) {
    let Some(flag) = &change.after else { return };
    let key = &change.key;
    let killed_before = change
        .before
        .as_ref()
        .is_some_and(|flag| flag.state == State::Killed);
    if flag.state == State::Killed && killed_before {
        context.output.warn(format_args!(
            "{key} is killed: everybody gets {} until `cutover flag restore {key}`",
            flag.off
        ));
    }
    // Whoever makes a flag behind another one knows it; it is later that it is forgotten.
    for required in closed(document, flag).filter(|_| change.before.is_some()) {
        context.output.warn(format_args!(
            "{key} requires {required}, which is off for everybody without an override"
        ));
    }
    let share_before = change.before.as_ref().and_then(Definition::percentage);
    if flag.percentage() != share_before
        && let Some(warning) = coarse(flag)
    {
        context.output.warn(format_args!("{key}: {warning}"));
    }
}

/// The required flags that nobody has without an override.
pub(super) fn closed<'a>(
    document: &'a FlagDocument,
    flag: &'a Definition,
) -> impl Iterator<Item = &'a FlagKey> {
    flag.requires.iter().filter(|key| {
        document.flags.get(*key).is_none_or(|required| {
            let nobody = required.percentage().is_none_or(|share| share.is_zero());
            required.state == State::Killed || (required.default == required.off && nobody)
        })
    })
}

/// Says so when the buckets are too coarse for the percentage.
pub(super) fn coarse(flag: &Definition) -> Option<String> {
    let rollout = flag.rollout.as_ref()?;
    let wanted = rollout.percentage?;
    let reached = rollout.bucketing.reached(wanted);
    (reached != wanted).then(|| {
        format!(
            "{} buckets are whole percents, so {wanted} % really reaches {reached} % of the units",
            rollout.bucketing
        )
    })
}
