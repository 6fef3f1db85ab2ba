//! `flag status`: what a flag is set to, what it answers, and why.

use std::collections::BTreeMap;
use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{
    Definition, ErrorCode, Explanation, FlagDocument, FlagKey, FlagValue, Interner, Reason,
    Revision, Snapshot, State, Tier, ValueType, Weight,
};
use cutover_domain::{Percentage, Stage};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::columns::{Column, write_columns};
use super::describe::{answer, answers, restored};
use super::eval::number;
use super::masks::LaidOver;
use super::open::Flags;
use super::outcomes::{closed, only_outcome};
use super::reasons::{depends, warnings, why};
use super::rule::Listed;
use super::rule_words::{called, in_full};
use super::subject::{
    Subject, SubjectArgs, bucketing, counted_by, naming, naming_anybody, rolled_out_by,
    status_command,
};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, style, write_json_line};

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
    #[serde(skip)]
    definition: &'a Definition,
}

#[derive(Serialize)]
struct Configured<'a> {
    #[serde(rename = "type")]
    kind: ValueType,
    state: State,
    default: &'a str,
    variants: &'a BTreeMap<String, FlagValue>,
    percentage: Option<Percentage>,
    /// The share of units that the percentage really reaches.
    reached: Option<Percentage>,
    /// How everybody is divided, instead of a percentage.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    split: &'a [Weight],
    requires: &'a [FlagKey],
    overrides: usize,
    rules: Vec<Listed<'a>>,
    stage: Option<Stage>,
    owner: Option<&'a str>,
    expires: Option<Date>,
    #[serde(skip)]
    words: String,
    /// The words of what a kill hides.
    #[serde(skip)]
    restored: Option<String>,
}

impl<'a> Configured<'a> {
    fn new(definition: &'a Definition) -> Self {
        let rollout = definition.rollout.as_ref();
        let bucketing = rollout.map(|rollout| rollout.bucketing).unwrap_or_default();
        let percentage = definition.percentage();
        Self {
            kind: definition.kind,
            state: definition.state,
            default: &definition.default,
            variants: &definition.variants,
            percentage,
            reached: percentage.map(|share| bucketing.reached(share)),
            split: rollout
                .map(|rollout| &rollout.split[..])
                .unwrap_or_default(),
            requires: &definition.requires,
            overrides: definition.overrides.len(),
            rules: Listed::all(definition),
            stage: definition.stage,
            owner: definition.owner.as_deref(),
            expires: definition.expires,
            words: answers(definition),
            restored: restored(definition),
        }
    }

    /// What the words do not tell.
    fn details(&self, definition: &Definition) -> Vec<(String, String)> {
        let mut details = Vec::new();
        let mut detail = |name: &str, text: String| details.push((name.to_owned(), text));
        if let Some(restored) = &self.restored {
            detail("restored", restored.clone());
        }
        if self.kind != ValueType::Boolean || self.variants.len() > 2 {
            let variants = self.variants.iter();
            let variants: Vec<_> = variants
                .map(|(name, value)| printable(&format!("{name} = {}", value.0)))
                .collect();
            detail("variants", variants.join(", "));
        }
        for (index, rule) in definition.rules.iter().enumerate() {
            let words = in_full(rule, |variant| answer(definition, variant));
            detail(&called(index, None), words);
        }
        if let (Some(wanted), Some(reached)) = (self.percentage, self.reached)
            && wanted != reached
        {
            detail("reached", format!("{reached} %"));
        }
        if let Some(stage) = self.stage {
            detail("stage", stage.to_string());
        }
        if let Some(owner) = self.owner {
            detail("owner", printable(owner));
        }
        if let Some(expires) = self.expires {
            detail("expires", expires.to_string());
        }
        details
    }
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

impl<'a> Effective<'a> {
    fn new(value: Option<&'a FlagValue>, variant: Option<&'a str>, reason: Reason) -> Self {
        Self {
            value,
            variant,
            reason,
            bucket: None,
            hash_input: None,
            error_code: None,
        }
    }

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
    flags.warn_of_taken_back(context);
    let subject = Subject::read(&args.subject)?;
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&flags.document, &mut interner);
    let lists = subject.lists();
    let asking = subject.asking(&lists);
    let asked = asking.by(args.unit.as_deref());
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
        let why = why(document, definition, &explanation, anybody);
        let mut warnings = warnings(key, definition, now);
        let depends = depends(document, definition, &explanation, anybody);
        let missing = match (&explanation.answer, &explanation.tier) {
            (Err(ErrorCode::TargetingKeyMissing), tier) => Some(counted_by(definition, tier)),
            (_, Tier::Requires(required)) if depends => {
                document.flags.get(required).map(rolled_out_by)
            }
            _ if depends => Some(rolled_out_by(definition)),
            _ => None,
        };
        let missing = missing.filter(|_| depends || !anybody).map(naming_anybody);
        // Where it is why nothing else counts, it was said already.
        if definition.state == State::Enabled && !matches!(explanation.tier, Tier::Requires(_)) {
            warnings.extend(closed(document, definition).map(|key| {
                format!("it requires {key}, which is off for everybody without an override")
            }));
        }
        let only = only_outcome(definition).filter(|_| anybody);
        let effective = (!depends).then(|| match (explanation.answer, only) {
            (Ok(answer), _) => Effective {
                bucket: answer
                    .bucket
                    .map(|bucket| number(bucket, bucketing(definition, &explanation.tier))),
                hash_input: explanation.hash_input,
                ..Effective::new(Some(answer.value), Some(answer.variant), answer.reason)
            },
            // Whoever the unit is, it is the same for all of them.
            (Err(ErrorCode::TargetingKeyMissing), Some(only)) => {
                Effective::new(definition.variants.get(only), Some(only), Reason::Split)
            }
            (Err(error), _) => Effective {
                error_code: Some(error),
                ..Effective::new(None, None, Reason::Error)
            },
        });
        let configured = Configured::new(definition);
        Self {
            key,
            configured,
            effective,
            why,
            warnings,
            laid_over: LaidOver::default(),
            missing,
            definition,
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
            definition,
            missing: _,
        } = &self.flag;
        let mut field = |name: &str, value: &str| writeln!(page, "{name:<12} {value}");
        field("flag", key.as_str())?;
        field("configured", &configured.words)?;
        for (name, text) in configured.details(definition) {
            field(&name, &text)?;
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

fn columns<'a>() -> [Column<Status<'a>>; 7] {
    [
        Column::new("flag", |flag| Some(flag.key.to_string())),
        Column::new("configured", |flag| Some(flag.configured.words.clone())),
        Column::new("effective", |flag| {
            let effective = flag.effective.as_ref();
            Some(effective.map_or("it depends".to_owned(), Effective::words))
        }),
        Column::if_any("stage", |flag| Some(flag.configured.stage?.to_string())),
        Column::if_any("owner", |flag| flag.configured.owner.map(printable)),
        Column::if_any("expires", |flag| Some(flag.configured.expires?.to_string())),
        Column::new("why", |flag| {
            let why = [flag.why.clone()]
                .into_iter()
                .chain(flag.laid_over.words())
                .chain(flag.warnings.iter().cloned());
            Some(why.collect::<Vec<_>>().join("\n"))
        }),
    ]
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
        write_columns(page, &columns(), &self.flags)
    }

    fn write_lines(&self, to: &mut dyn Write) -> Result<(), Failure> {
        self.flags
            .iter()
            .try_for_each(|flag| write_json_line(to, flag))
    }
}
