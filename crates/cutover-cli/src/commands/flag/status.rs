//! `flag status`: what a flag is set to, what it answers, and why.

use std::io::{self, Write};

use clap::Args;
use cutover_domain::Percentage;
use cutover_domain::flags::{
    Definition, ErrorCode, Explanation, FlagDocument, FlagKey, FlagValue, Interner, Reason,
    Revision, Snapshot, State, Tier,
};
use jiff::Timestamp;
use serde::Serialize;

use super::describe::answers;
use super::eval::number;
use super::masks::LaidOver;
use super::open::Flags;
use super::outcomes::closed;
use super::reasons::{depends, warnings, why};
use super::subject::{Subject, SubjectArgs, naming, naming_anybody, rolled_out_by, status_command};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, style, table, write_json_line};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag status", "all flags"),
    ("cutover flag status use_new_parser", "what everybody gets"),
    ("cutover flag status use_new_parser --unit dataset-17", "what this one gets, and why"),
]))]
pub struct StatusArgs {
    /// The flag; without it, all flags
    key: Option<String>,
    /// The unit that asks
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    #[command(flatten)]
    subject: SubjectArgs,
}

#[derive(Serialize)]
struct Status<'a> {
    key: &'a FlagKey,
    configured: Configured<'a>,
    /// What is answered; absent when it depends on the unit and none is named.
    effective: Option<Effective<'a>>,
    why: String,
    warnings: Vec<String>,
    #[serde(flatten)]
    laid_over: LaidOver<'a>,
    /// The option that would tell what is not known about who asks.
    #[serde(skip)]
    missing: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Configured<'a> {
    state: State,
    default: &'a str,
    percentage: Option<Percentage>,
    /// The share of units that the percentage really reaches.
    reached: Option<Percentage>,
    requires: &'a [FlagKey],
    overrides: usize,
    #[serde(skip)]
    words: String,
}

#[derive(Serialize)]
struct Effective<'a> {
    value: Option<&'a FlagValue>,
    variant: Option<&'a str>,
    reason: Reason,
    bucket: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash_input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
}

impl Effective<'_> {
    fn words(&self) -> String {
        match (self.variant, self.error_code) {
            (Some(variant), _) => match self.value {
                Some(value) if value.as_bool().is_none() => format!(
                    "{} ({}, {})",
                    printable(&value.0.to_string()),
                    printable(variant),
                    self.reason
                ),
                _ => format!("{} ({})", printable(variant), self.reason),
            },
            (None, Some(error)) => format!("{} ({error})", self.reason),
            (None, None) => self.reason.to_string(),
        }
    }
}

pub(super) fn status(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    let flags = Flags::in_force(context)?;
    let subject = Subject::read(&args.subject)?;
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&flags.document, &mut interner);
    let attributes = subject.attributes();
    let asked = subject.asks(args.unit.as_deref(), &attributes);
    let anybody = args.unit.is_none() && subject.is_empty();
    let now = context.now();
    let mut status_of = |key: &'_ FlagKey| {
        let (key, definition) = flags.document.flags.get_key_value(key)?;
        let explanation = snapshot.explain(interner.slot(key.as_str()), &asked);
        let document = &flags.document;
        let mut status = Status::new(document, key, definition, explanation, anybody, now);
        status.laid_over = flags.masks.of(key.as_str());
        if let Some(stored) = flags.masks.stored(key) {
            status.configured = Configured::new(stored);
        }
        Some(status)
    };
    let revision = flags.document.revision;
    match &args.key {
        Some(typed) => {
            let (key, _) = flags.find(typed)?;
            if let Some(flag) = status_of(&key) {
                let missing = flag.missing.clone();
                context.output.show(&One { revision, flag })?;
                if let Some(option) = missing {
                    let unit = args.unit.iter().flat_map(|unit| naming(None, unit));
                    let given = unit.chain(args.subject.words());
                    let who: Vec<_> = given.chain(option).collect();
                    context.output.next(status_command(&key, &who));
                }
            }
        }
        None => {
            let flags = flags.document.flags.keys().filter_map(status_of).collect();
            context.output.show(&All { revision, flags })?;
        }
    }
    Ok(Exit::Done)
}

impl<'a> Status<'a> {
    fn new(
        document: &FlagDocument,
        key: &'a FlagKey,
        definition: &'a Definition,
        explanation: Explanation<'a>,
        anybody: bool,
        now: Timestamp,
    ) -> Self {
        let rollout = definition.rollout.as_ref();
        let bucketing = rollout.map(|rollout| rollout.bucketing).unwrap_or_default();
        let why = why(document, definition, &explanation, anybody);
        let mut warnings = warnings(key, definition, now);
        let depends = depends(document, definition, &explanation, anybody);
        let missing = match (&explanation.answer, &explanation.tier) {
            (Err(ErrorCode::TargetingKeyMissing), _) => Some(definition),
            (_, Tier::Requires(required)) if depends => document.flags.get(required),
            _ => None,
        };
        let missing = missing.map(|flag| naming_anybody(rolled_out_by(flag)));
        // Where it is why nothing else counts, it was said already.
        if definition.state == State::Enabled && !matches!(explanation.tier, Tier::Requires(_)) {
            warnings.extend(closed(document, definition).map(|key| {
                format!("it requires {key}, which is off for everybody without an override")
            }));
        }
        let effective = (!depends).then(|| {
            let (answer, error_code) = match explanation.answer {
                Ok(answer) => (Some(answer), None),
                Err(error) => (None, Some(error)),
            };
            Effective {
                value: answer.map(|answer| answer.value),
                variant: answer.map(|answer| answer.variant),
                reason: answer.map_or(Reason::Error, |answer| answer.reason),
                bucket: answer
                    .and_then(|answer| answer.bucket)
                    .map(|b| number(b, bucketing)),
                hash_input: explanation.hash_input,
                error_code,
            }
        });
        Self {
            key,
            configured: Configured::new(definition),
            effective,
            why,
            warnings,
            laid_over: LaidOver::default(),
            missing,
        }
    }
}

impl<'a> Configured<'a> {
    fn new(definition: &'a Definition) -> Self {
        let rollout = definition.rollout.as_ref();
        let bucketing = rollout.map(|rollout| rollout.bucketing).unwrap_or_default();
        let percentage = definition.percentage();
        Self {
            state: definition.state,
            default: &definition.default,
            percentage,
            reached: percentage.map(|share| bucketing.reached(share)),
            requires: &definition.requires,
            overrides: definition.overrides.len(),
            words: answers(definition),
        }
    }
}

#[derive(Serialize)]
struct One<'a> {
    revision: Revision,
    flag: Status<'a>,
}

impl Report for One<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Status {
            key,
            configured,
            effective,
            why,
            warnings,
            laid_over,
            missing: _,
        } = &self.flag;
        let mut field = |name: &str, value: &str| writeln!(page, "{name:<12} {value}");
        field("flag", key.as_str())?;
        field("configured", &configured.words)?;
        if let (Some(wanted), Some(reached)) = (configured.percentage, configured.reached)
            && wanted != reached
        {
            field("reached", &format!("{reached} %"))?;
        }
        if let Some(words) = laid_over.words() {
            field("variables", &printable(&words))?;
        }
        match effective {
            Some(effective) => {
                field("effective", &effective.words())?;
                field("why", why)?;
                if let Some(bucket) = effective.bucket {
                    field("bucket", &bucket.to_string())?;
                }
                if let Some(input) = &effective.hash_input {
                    field("hashed", &printable(input))?;
                }
            }
            None => {
                field("effective", "it depends on who asks")?;
                field("why", why)?;
            }
        }
        field("revision", &self.revision.to_string())?;
        for warning in warnings {
            writeln!(page, "{0}warning:{0:#} {warning}", style::WARN)?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct All<'a> {
    revision: Revision,
    flags: Vec<Status<'a>>,
}

impl Report for All<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.flags.is_empty() {
            return Ok(());
        }
        let mut flags = table(["flag", "configured", "effective", "why"]);
        for Status {
            key,
            configured,
            effective,
            why,
            warnings,
            laid_over,
            missing: _,
        } in &self.flags
        {
            let effective = effective
                .as_ref()
                .map_or("it depends".to_owned(), Effective::words);
            let why = [why.clone()].into_iter().chain(laid_over.words());
            let why = why.chain(warnings.iter().cloned());
            flags.add_row([
                key.to_string(),
                configured.words.clone(),
                effective,
                why.collect::<Vec<_>>().join("\n"),
            ]);
        }
        page.table(flags)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.flags
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}
