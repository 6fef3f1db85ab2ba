//! `flag explain`: how an answer came about, tier by tier.

mod tiers;

use std::io::{self, Write};

use clap::Args;
use cutover_domain::flags::{
    Attribute, Bucketing, Context as Asked, ErrorCode, Explanation, FlagDocument, FlagKey,
    FlagValue, Interner, Reason, Revision, Snapshot, Tier,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::tiers::{Tiers, tiers};
use super::eval::{no_answer, number};
use super::masks::LaidOver;
use super::open::Flags;
use super::subject::{Asking, Subject, SubjectArgs, bucketing};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag explain new_editor --unit u1 --tenant acme --attr plan=pro", ""),
    ("cutover flag explain new_editor --unit u1 --attr 'groups=[\"staff\"]' --format json", ""),
]))]
pub struct ExplainArgs {
    /// The flag
    key: String,
    /// The unit that asks
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    #[command(flatten)]
    subject: SubjectArgs,
}

/// An answer and how it came about.
#[derive(Serialize)]
struct Explained<'a> {
    revision: Revision,
    asked: Map<String, Value>,
    #[serde(flatten)]
    flag: Answered<'a>,
    #[serde(flatten)]
    laid_over: LaidOver<'a>,
}

/// The answer of one flag.
#[derive(Serialize)]
struct Answered<'a> {
    key: &'a FlagKey,
    value: Option<&'a FlagValue>,
    variant: Option<&'a str>,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
    /// The tier that decided, or at which deciding failed.
    tier: &'static str,
    /// What was hashed, if a share decided.
    hash_input: Option<String>,
    bucketing: Option<Bucketing>,
    bucket: Option<u32>,
    /// Buckets are numbered from 0 to one less.
    buckets: Option<u32>,
    tiers: Tiers<'a>,
    /// How the required flag that is off came to be off.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<Box<Answered<'a>>>,
}

pub(super) fn explain(context: &Context, args: &ExplainArgs) -> Result<Exit, Failure> {
    let flags = Flags::in_force(context)?;
    let (key, _) = flags.find(&args.key)?;
    let subject = Subject::read(&args.subject)?;
    let lists = subject.lists();
    let asking = subject.asking(&lists);
    let asked = asking.by(args.unit.as_deref());
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(&flags.document, &mut interner);
    let explanation = snapshot.explain(interner.slot(key.as_str()), &asked);
    let tier = explanation.tier.clone();
    let asker = Asker {
        document: &flags.document,
        snapshot: &snapshot,
        asked,
    };
    let Some(flag) = asker.answered(&key, explanation) else {
        return Err(flags.unknown(&args.key));
    };
    let error = flag.error_code.zip(Some(tier));
    context.output.show(&Explained {
        revision: flags.document.revision,
        asked: asked_for(args.unit.as_deref(), &asking),
        flag,
        laid_over: flags.masks.of(key.as_str()),
    })?;
    // Also of a flag that has no answer it is told how that came about.
    match error {
        Some((error, tier)) => Err(no_answer(&flags, key.as_str(), error, &tier)),
        None => Ok(Exit::Done),
    }
}

/// Who asks, as JSON.
fn asked_for(unit: Option<&str>, asking: &Asking<'_>) -> Map<String, Value> {
    let mut asked = Map::new();
    let named = [("unit", unit), ("tenant", asking.tenant)];
    for (name, value) in named {
        asked.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    let attributes = asking.attributes.iter();
    asked.extend(attributes.map(|(name, value)| ((*name).to_owned(), json_of(value))));
    asked
}

fn json_of(attribute: &Attribute<'_>) -> Value {
    match attribute {
        Attribute::Text(text) => json!(text),
        Attribute::Integer(number) => json!(number),
        Attribute::Number(number) => json!(number),
        Attribute::Boolean(value) => json!(value),
        Attribute::List(items) => items.iter().map(json_of).collect(),
        // What a later version adds cannot be typed here.
        _ => Value::Null,
    }
}

/// One context, and all flags to ask.
pub(super) struct Asker<'a> {
    document: &'a FlagDocument,
    snapshot: &'a Snapshot,
    asked: Asked<'a>,
}

impl<'a> Asker<'a> {
    /// Whether a flag is on for this context.
    fn is_on(&self, key: &FlagKey) -> bool {
        let slot = self.snapshot.slot(key.as_str());
        let answer = slot.and_then(|slot| self.snapshot.evaluate(slot, &self.asked).ok());
        answer.and_then(|answer| answer.value.as_bool()) == Some(true)
    }

    fn answered(&self, key: &FlagKey, explanation: Explanation<'a>) -> Option<Answered<'a>> {
        let (key, definition) = self.document.flags.get_key_value(key)?;
        let tiers = tiers(self, definition, &explanation);
        let Explanation {
            answer,
            tier,
            hash_input,
            required,
            ..
        } = explanation;
        let bucket = answer.ok().and_then(|answer| answer.bucket);
        let formula = bucketing(definition, &tier);
        let required = match (&tier, required) {
            (Tier::Requires(required), Some(explanation)) => {
                self.answered(required, *explanation).map(Box::new)
            }
            _ => None,
        };
        Some(Answered {
            key,
            value: answer.ok().map(|answer| answer.value),
            variant: answer.ok().map(|answer| answer.variant),
            reason: answer.map_or(Reason::Error, |answer| answer.reason),
            error_code: answer.err(),
            tier: tiers::name(&tier),
            bucketing: bucket.map(|_| formula),
            bucket: bucket.map(|bucket| number(bucket, formula)),
            buckets: bucket.map(|_| formula.buckets()),
            hash_input,
            tiers,
            required,
        })
    }
}

impl Report for Explained<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.flag.write(page, "")?;
        let asked = self
            .asked
            .iter()
            .map(|(name, value)| format!("{name} = {value}"));
        let asked = asked.collect::<Vec<_>>().join(", ");
        let asked = if asked.is_empty() {
            "nobody in particular".to_owned()
        } else {
            asked
        };
        writeln!(page, "{:<12} {}", "asked for", printable(&asked))?;
        if let Some(words) = self.laid_over.words() {
            writeln!(page, "{:<12} {}", "variables", printable(&words))?;
        }
        writeln!(page, "{:<12} {}", "revision", self.revision)
    }
}

impl Answered<'_> {
    fn write(&self, page: &mut Page<'_>, indent: &str) -> io::Result<()> {
        let mut field = |name: &str, text: &str| writeln!(page, "{indent}{name:<12} {text}");
        field("flag", self.key.as_str())?;
        let answer = match (self.variant, self.value, self.error_code) {
            (Some(variant), Some(value), _) if value.as_bool().is_none() => {
                printable(&format!("{} ({variant}, {})", value.0, self.reason))
            }
            (Some(variant), ..) => printable(&format!("{variant} ({})", self.reason)),
            (None, _, Some(error)) => format!("none: {error}"),
            (None, _, None) => self.reason.to_string(),
        };
        field("answer", &answer)?;
        for (tier, text) in self.tiers.lines() {
            field(tier, text)?;
        }
        if let (Some(bucket), Some(buckets)) = (self.bucket, self.buckets) {
            field("bucket", &format!("{bucket} of {buckets}"))?;
        }
        if let Some(input) = &self.hash_input {
            field("hashed", &printable(input))?;
        }
        if let Some(required) = &self.required {
            writeln!(page, "{indent}because of {}:", required.key)?;
            required.write(page, &format!("{indent}  "))?;
        }
        Ok(())
    }
}
