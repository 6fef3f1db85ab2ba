//! `flag eval`: what a flag answers, for one unit or for a file of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use cutover_domain::flags::{
    Bucket, Bucketing, Context as Asked, Definition, ErrorCode, Evaluation, FlagKey, FlagValue,
    Interner, Reason, Revision, Slot, Snapshot, Tier, ValueType,
};
use serde::Serialize;

use super::masks::LaidOver;
use super::open::Flags;
use super::set::value_of;
use super::subject::{Asking, Subject, SubjectArgs, bucketing, counted_by, naming_anybody};
use super::units::{Oddities, each_unit, open, unit};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, data, printable, write_json_line};
use crate::suggest::quoted_words;

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover flag eval use_new_parser --unit dataset-17", ""),
    ("cutover flag eval new_pipeline --tenant acme --attr plan=pro", ""),
    ("cutover flag eval new_editor --unit u1 --attr 'groups=[\"staff\", \"beta\"]'", ""),
    ("cutover flag eval use_new_parser --units units.txt", "one JSON line a unit, in order"),
    ("cutover flag eval use_new_parser --unit u1 --exit-code", "exit 0 for true, 1 for false"),
]), after_help = "Exit codes: 0 when there is an answer, whatever it is, also false; 1 when there is \
                  none. With --exit-code: 0 true, 1 false, 2 for a flag that is neither, 3 no \
                  answer.")]
pub struct EvalArgs {
    /// The flag
    key: String,
    /// The unit that is bucketed
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// A file of units, one a line; `-` reads standard input; the answers are JSON Lines in every
    /// `--format`
    #[arg(long, value_name = "FILE", conflicts_with = "unit")]
    units: Option<PathBuf>,
    #[command(flatten)]
    subject: SubjectArgs,
    /// What is answered where the flag has no answer
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    default: Option<String>,
    /// Answer by the exit code, too: 0 for true, 1 for false, 3 where there is no answer
    #[arg(long, conflicts_with = "units")]
    exit_code: bool,
}

/// One answer.
#[derive(Serialize)]
struct Answer<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    value: Option<&'a FlagValue>,
    variant: Option<&'a str>,
    reason: Reason,
    revision: Revision,
    bucket: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
    #[serde(flatten)]
    laid_over: LaidOver<'a>,
}

impl Report for Answer<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        match self.value {
            Some(value) => write!(page, "{}", printable(&value.to_string()))?,
            None => write!(page, "no answer")?,
        }
        write!(page, "   {}", self.reason)?;
        if let Some(error) = self.error_code {
            write!(page, " {error}")?;
        }
        if let Some(variant) = self.variant {
            write!(page, ", variant {}", printable(variant))?;
        }
        if let Some(bucket) = self.bucket {
            write!(page, ", bucket {bucket}")?;
        }
        if let Some(source) = self.laid_over.source() {
            write!(page, ", by {}", printable(source))?;
        }
        writeln!(page, ", revision {}", self.revision)
    }
}

/// A flag that is ready to be asked many times.
struct Asker<'a> {
    key: &'a str,
    snapshot: Snapshot,
    slot: Slot,
    definition: Option<&'a Definition>,
    default: Option<FlagValue>,
    laid_over: LaidOver<'a>,
}

impl<'a> Asker<'a> {
    fn new(flags: &'a Flags, key: &'a str, default: Option<&str>) -> Result<Self, Failure> {
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&flags.document, &mut interner);
        let found = flags.document.flags.get_key_value(key);
        let default = default.map(|text| default_value(found, text)).transpose()?;
        Ok(Self {
            key,
            snapshot,
            slot: interner.slot(key),
            definition: found.map(|(_, definition)| definition),
            default,
            laid_over: flags.masks.of(key),
        })
    }

    fn ask<'b>(&'b self, asked: &Asked<'_>, unit: Option<&'b str>) -> Answer<'b> {
        match self.snapshot.evaluate(self.slot, asked) {
            Ok(Evaluation {
                value,
                variant,
                reason,
                revision,
                bucket,
            }) => Answer {
                key: self.key,
                unit,
                laid_over: self.decided_by(asked),
                value: Some(value),
                variant: Some(variant),
                reason,
                revision,
                bucket: bucket.map(|bucket| number(bucket, self.bucketing(reason, asked))),
                error_code: None,
            },
            Err(error) => Answer {
                key: self.key,
                unit,
                value: self.default.as_ref(),
                variant: None,
                reason: Reason::Error,
                revision: self.snapshot.revision(),
                bucket: None,
                error_code: Some(error),
                laid_over: self.laid_over,
            },
        }
    }
}

impl<'a> Asker<'a> {
    /// The variable, where it decides: what is stored may stand above it.
    fn decided_by(&self, asked: &Asked<'_>) -> LaidOver<'a> {
        let is_masked = self.laid_over.mask().is_some();
        if !is_masked || self.laid_over.decides(&self.tier(asked)) {
            self.laid_over
        } else {
            LaidOver::default()
        }
    }

    /// For an exit code that is the answer.
    fn must_be_true_or_false(&self) -> Result<(), Failure> {
        let wanted = "--exit-code answers for what is true or false";
        if let Some(definition) = self.definition
            && definition.kind != ValueType::Boolean
        {
            return Err(Failure::usage(format_args!(
                "{} is a flag of type {}: {wanted}",
                self.key, definition.kind
            )));
        }
        match &self.default {
            Some(default) if default.as_bool().is_none() => Err(Failure::usage(format_args!(
                "the default {default} is neither true nor false: {wanted}"
            ))),
            _ => Ok(()),
        }
    }

    /// The tier that answered, or at which answering failed.
    fn tier(&self, asked: &Asked<'_>) -> Tier {
        self.snapshot.explain(self.slot, asked).tier
    }

    /// The formula of the tier that answered.
    fn bucketing(&self, reason: Reason, asked: &Asked<'_>) -> Bucketing {
        let Some(definition) = self.definition else {
            return Bucketing::default();
        };
        let mut of_rules = definition.rules.iter().map(|rule| rule.bucketing);
        let first = of_rules.next();
        let tier = match (reason, first) {
            (Reason::TargetingMatch, Some(first)) if of_rules.all(|other| other == first) => {
                return first;
            }
            // Which rule it was is not in the answer.
            (Reason::TargetingMatch, _) => self.tier(asked),
            _ => Tier::Rollout,
        };
        bucketing(definition, &tier)
    }
}

/// The bucket as its formula numbers it: of 100,000 for xxh3, of 100 for md5.
pub(super) fn number(bucket: Bucket, bucketing: Bucketing) -> u32 {
    bucket.thousandths() / (100_000 / bucketing.buckets())
}

/// The caller's default: a variant or a value of the flag's type; where there is no flag, a JSON
/// literal or text.
fn default_value(found: Option<(&FlagKey, &Definition)>, text: &str) -> Result<FlagValue, Failure> {
    if let Some((key, definition)) = found {
        return value_of(key, definition, text);
    }
    let of_text = ValueType::Json
        .parse(text)
        .or_else(|_| ValueType::Boolean.parse(text));
    Ok(of_text.unwrap_or_else(|_| FlagValue(text.into())))
}

pub(super) fn eval(context: &Context, args: &EvalArgs) -> Result<Exit, Failure> {
    let flags = Flags::in_force(context)?;
    let subject = Subject::read(&args.subject)?;
    let asker = Asker::new(&flags, &args.key, args.default.as_deref())?;
    if args.exit_code {
        asker.must_be_true_or_false()?;
    }
    let lists = subject.lists();
    let asking = subject.asking(&lists);
    let asked = asking.by(args.unit.as_deref());
    let (error, exit) = match &args.units {
        Some(path) => {
            let (error, oddities) = ask_all(&asker, path, &asking)?;
            oddities.tell(context, path);
            (error, Exit::Done)
        }
        None => {
            let answer = asker.ask(&asked, None);
            context.output.show(&answer)?;
            let error = answer.error_code.map(|error| (error, asker.tier(&asked)));
            let is_on = answer.value.and_then(FlagValue::as_bool) == Some(true);
            (error, Exit::answer(is_on || !args.exit_code))
        }
    };
    let Some((error, tier)) = error else {
        return Ok(exit);
    };
    let failure = no_answer(&flags, &args.key, error, &tier);
    if args.default.is_some() {
        context.output.warn(failure);
        return Ok(exit);
    }
    if args.exit_code {
        // No is the answer of a flag that is false.
        return Err(failure.instead_of_no(Exit::Trouble));
    }
    Err(failure.hint("or say what is answered then, with --default VALUE"))
}

/// Why a flag has no answer, and what to add.
pub(super) fn no_answer(flags: &Flags, key: &str, error: ErrorCode, tier: &Tier) -> Failure {
    let definition = flags.document.flags.get(key);
    let by = definition.and_then(|definition| counted_by(definition, tier));
    match (error, by) {
        (ErrorCode::FlagNotFound, _) => flags.unknown(key),
        (ErrorCode::TargetingKeyMissing, by) => Failure::no(format_args!(
            "{key} is rolled out by {}, and none is named",
            by.unwrap_or("unit")
        ))
        .hint(format_args!("add {}", quoted_words(&naming_anybody(by)))),
        (ErrorCode::InvalidContext, Some(by)) => Failure::no(format_args!(
            "{key} is rolled out by {by}, which must be text or a whole number"
        )),
        _ => Failure::no(format_args!("{key} has no answer: {error}")),
    }
}

/// Asks for every line of a file, as it is read; answers the first error that came up, and where.
fn ask_all(
    asker: &Asker<'_>,
    path: &Path,
    asking: &Asking<'_>,
) -> Result<(Option<(ErrorCode, Tier)>, Oddities), Failure> {
    let name = path.display();
    let input = open(path)?;
    let mut to = data();
    let mut first_error = None;
    let result = each_unit(input, |number, line| {
        let unit = unit(&name, number, line)?;
        let asked = asking.by(Some(unit));
        let answer = asker.ask(&asked, Some(unit));
        if let (None, Some(error)) = (&first_error, answer.error_code) {
            first_error = Some((error, asker.tier(&asked)));
        }
        write_json_line(&mut to, &answer)
    });
    // The answers before the trouble are good ones.
    to.flush()?;
    result.map(|oddities| (first_error, oddities))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_numbered_by_its_formula() {
        let bucket = Bucketing::Md5Unsalted.bucket("", "u1");
        assert_eq!(number(bucket, Bucketing::Md5Unsalted), 9);
        let bucket = Bucketing::Xxh3.bucket("salt", "u1");
        assert_eq!(number(bucket, Bucketing::Xxh3), bucket.thousandths());
    }

    #[test]
    fn a_default_is_read_like_the_flag_or_like_json() {
        let (key, boolean) = ("f".parse().unwrap(), Definition::boolean());
        for (found, text, expected) in [
            (Some((&key, &boolean)), "On", serde_json::json!(true)),
            (None, "True", serde_json::json!(true)),
            (None, "7", serde_json::json!(7)),
            (None, "plain text", serde_json::json!("plain text")),
        ] {
            assert_eq!(default_value(found, text).unwrap().0, expected, "{text}");
        }
        let refused = default_value(Some((&key, &boolean)), "yes").unwrap_err();
        assert!(refused.to_string().contains("boolean"), "{refused}");
    }
}
