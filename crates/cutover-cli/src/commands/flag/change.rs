//! The one way in which the command line changes flags: plan, show, ask, commit, tell.

use std::collections::BTreeSet;
use std::io::{self, Write};

use cutover_app::flags::{FlagService, Request};
use cutover_domain::flags::{Definition, FlagDocument, FlagKey, KeyChange, Revision, State};
use serde::Serialize;

use super::describe::{answers, line};
use super::set::set_off;
use super::view::FlagView;
use crate::confirm::{ChangeArgs, Decision};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, style};
use crate::suggest::command;

/// The revision before this one, as an option takes it.
pub(super) fn before(revision: Revision) -> String {
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

impl Wish<'_> {
    /// Carries it out, as far as it is allowed to.
    pub(super) fn make(self, context: &Context) -> Result<Exit, Failure> {
        let Self {
            service,
            args,
            mut request,
            next,
            warnings: of_command,
        } = self;
        let warnings = |document: &FlagDocument, changes: &[KeyChange]| {
            let of_change = warnings(document, changes);
            of_command
                .iter()
                .cloned()
                .chain(of_change)
                .collect::<Vec<_>>()
        };
        // Somebody who must not be asked is not shown a plan either: one load less.
        if args.dry_run || !args.yes {
            let plan = pollster::block_on(service.plan(&request))?;
            let report = Changed::new(&plan.after, plan.before.revision, &plan.changes, true);
            let warnings = warnings(&plan.after, &plan.changes);
            let lines = plan.changes.iter().map(line);
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
        let done = pollster::block_on(service.apply(&request))?;
        let (document, record) = (&done.document, &done.record);
        let report = Changed::new(document, record.revision, &record.changes, false);
        context.output.show_done(&report).map_err(|failure| {
            // It is made whether or not it can be told.
            failure.after(format_args!("revision {} was made", record.revision))
        })?;
        for warning in warnings(document, &record.changes) {
            context.output.warn(warning);
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
    /// Whether everything is as it was before.
    #[serde(skip)]
    idle: bool,
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
            idle: after.revision > Revision::new(1)
                && changes.iter().all(|change| change.before == change.after),
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
        if self.idle {
            writeln!(page, "nothing is different: everything is as it was before")?;
        }
        writeln!(page, "revision {}", self.revision)
    }
}

/// What stands between changes and what they were made for, and what else they switch off.
pub(super) fn warnings(document: &FlagDocument, changes: &[KeyChange]) -> Vec<String> {
    let mut warnings = Vec::new();
    for change in changes {
        let Some(flag) = &change.after else { continue };
        let key = &change.key;
        let killed_before = change
            .before
            .as_ref()
            .is_some_and(|flag| flag.state == State::Killed);
        if flag.state == State::Killed && killed_before {
            warnings.push(format!(
                "{key} is killed: everybody gets {} until `{}`",
                printable(&flag.off),
                command(&["flag", "restore", key.as_str()])
            ));
        }
        // Whoever makes a flag behind another one knows it; it is later that it is forgotten.
        for required in closed(document, flag).filter(|_| change.before.is_some()) {
            warnings.push(format!(
                "{key} requires {required}, which is off for everybody without an override"
            ));
        }
        if is_closed(flag) && change.before.as_ref().is_some_and(|flag| !is_closed(flag)) {
            let others = switched_off(document, key);
            if !others.is_empty() {
                let except = if is_off_for_all(flag) {
                    String::new()
                } else {
                    format!(" without an override of {key}")
                };
                warnings.push(format!(
                    "what requires {key} is now off, too, for everybody{except}: {}",
                    others.join(", ")
                ));
            }
        }
        warnings.extend(idle_rollout(key, flag));
        let share_before = change.before.as_ref().and_then(Definition::percentage);
        if flag.percentage() != share_before
            && let Some(warning) = coarse(flag)
        {
            warnings.push(format!("{key}: {warning}"));
        }
    }
    warnings
}

/// Says so when the percentage decides nothing, because those outside get the same.
pub(super) fn idle_rollout(key: &FlagKey, flag: &Definition) -> Option<String> {
    let share = flag.percentage()?;
    let same = is_default(flag, flag.rollout_variant());
    (same && flag.state == State::Enabled).then(|| {
        let way_out = if is_default(flag, &flag.off) {
            String::new()
        } else {
            format!("; `{}` comes first", set_off(key, flag))
        };
        format!(
            "{key} answers {} to everybody, inside the {share} % and outside{way_out}",
            printable(&flag.default)
        )
    })
}

/// Whether this variant answers what the default answers.
pub(super) fn is_default(flag: &Definition, variant: &str) -> bool {
    variant == flag.default
        || (flag.variants.contains_key(variant)
            && flag.variants.get(variant) == flag.variants.get(&flag.default))
}

/// Whether nobody has the flag without an override.
fn is_closed(flag: &Definition) -> bool {
    let nobody = flag.percentage().is_none_or(|share| share.is_zero())
        || is_default(flag, flag.rollout_variant());
    flag.state == State::Killed || (flag.default == flag.off && nobody)
}

/// Whether nobody at all has the flag, whatever other flags answer.
pub(super) fn is_off_for_all(flag: &Definition) -> bool {
    is_closed(flag) && (flag.state == State::Killed || flag.overrides.is_empty())
}

/// The flags that somebody had and that require this one, however indirectly.
fn switched_off<'a>(document: &'a FlagDocument, key: &'a FlagKey) -> Vec<&'a str> {
    let mut reached = BTreeSet::from([key]);
    loop {
        let before = reached.len();
        for (other, flag) in &document.flags {
            if flag
                .requires
                .iter()
                .any(|required| reached.contains(required))
            {
                reached.insert(other);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    let had = |other: &&FlagKey| {
        *other != key
            && document
                .flags
                .get(*other)
                .is_some_and(|flag| !is_off_for_all(flag))
    };
    reached
        .into_iter()
        .filter(had)
        .map(FlagKey::as_str)
        .collect()
}

/// The required flags that nobody has without an override.
pub(super) fn closed<'a>(
    document: &'a FlagDocument,
    flag: &'a Definition,
) -> impl Iterator<Item = &'a FlagKey> {
    flag.requires
        .iter()
        .filter(|key| document.flags.get(*key).is_none_or(is_closed))
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
