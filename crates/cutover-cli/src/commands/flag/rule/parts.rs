//! The parts of a rule as they are typed: whom it is about, and what they get.

use std::path::{Path, PathBuf};

use clap::Args;
use cutover_domain::flags::{Bucketing, Condition, Definition, FlagKey, Rule, RuleRef};

use crate::commands::flag::set::variant_of;
use crate::commands::flag::split::Parts;
use crate::exit::Failure;

/// Whom a rule is about.
#[derive(Args, Debug)]
#[group(id = "whom", multiple = false)]
pub(super) struct WhenArgs {
    /// Whom it is about: plan in ["pro", "team"] and version >= 1.4.0
    #[arg(long, value_name = "CONDITION", group = "whom")]
    when: Option<String>,
    /// The same as JSON, as it is stored: {"attribute": "plan", "equals": "pro"}
    #[arg(long, value_name = "JSON", group = "whom")]
    when_json: Option<String>,
    /// The same from a file, or `-`, in either form
    #[arg(long, value_name = "FILE", group = "whom")]
    when_file: Option<PathBuf>,
}

/// What those get.
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The variant that all of them get
    #[arg(long, value_name = "VARIANT", conflicts_with = "split")]
    serve: Option<String>,
    /// How they are divided, by weight
    #[arg(long, value_name = "VARIANT=WEIGHT,…")]
    split: Option<Parts>,
    /// The attribute that a split buckets, for example tenant [default: the unit]
    #[arg(long, value_name = "ATTRIBUTE")]
    by: Option<String>,
    /// How a split assigns buckets: xxh3, md5 or md5-unsalted
    #[arg(long, value_name = "FORMULA")]
    bucketing: Option<Bucketing>,
    /// What a split hashes beside the unit [default: the key]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
}

impl WhenArgs {
    /// The condition, if one was given.
    pub(super) fn read(&self) -> Result<Option<Condition>, Failure> {
        let Self {
            when,
            when_json,
            when_file,
        } = self;
        let condition = match (when, when_json, when_file) {
            (Some(text), _, _) => expression("--when", text)?,
            (_, Some(text), _) => json("--when-json", text)?,
            (_, _, Some(path)) => file(path)?,
            (None, None, None) => return Ok(None),
        };
        Ok(Some(condition))
    }
}

fn expression(place: &str, text: &str) -> Result<Condition, Failure> {
    text.parse()
        .map_err(|error: cutover_domain::flags::InvalidCondition| {
            // Columns can be counted only where a line is not cut.
            let pointed = text.chars().count() < 100 && !text.contains(char::is_control);
            let pointer = if pointed {
                format!(
                    "\n  {text}\n  {}^",
                    " ".repeat(error.column().saturating_sub(1))
                )
            } else {
                String::new()
            };
            Failure::usage(format_args!("{place}: {error}{pointer}"))
                .hint("write for example: plan in [\"pro\", \"team\"] and not (country == \"PL\")")
        })
}

fn json(place: &str, text: &str) -> Result<Condition, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::usage(format_args!("{place}: {error}"))
            .hint("write for example: {\"attribute\": \"plan\", \"in\": [\"pro\", \"team\"]}")
    })
}

/// A file of either form: no expression begins with a brace.
fn file(path: &Path) -> Result<Condition, Failure> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    let name = path.display().to_string();
    let text = text.map_err(|error| Failure::io(format_args!("read {name}"), &error))?;
    match text.trim() {
        text if text.starts_with('{') => json(&name, text),
        text => expression(&name, text),
    }
}

impl ServeArgs {
    /// Whether anything was said.
    pub(super) fn is_given(&self) -> bool {
        let Self {
            serve,
            split,
            by,
            bucketing,
            salt,
        } = self;
        serve.is_some() || split.is_some() || by.is_some() || bucketing.is_some() || salt.is_some()
    }

    /// Says in a rule what those get whom it is about.
    pub(super) fn fill(
        &self,
        rule: &mut Rule,
        key: &FlagKey,
        definition: &Definition,
    ) -> Result<(), Failure> {
        if let Some(variant) = &self.serve {
            rule.variant = Some(variant_of(key, definition, variant)?);
            rule.split.clear();
            (rule.by, rule.bucketing, rule.salt) = (None, Bucketing::default(), None);
        }
        if let Some(parts) = &self.split {
            rule.variant = None;
            rule.split = parts.of(key, definition)?;
        }
        if rule.split.is_empty()
            && (self.by.is_some() || self.bucketing.is_some() || self.salt.is_some())
        {
            return Err(
                Failure::usage("--by, --bucketing and --salt say how a split divides")
                    .hint("add --split VARIANT=WEIGHT,…"),
            );
        }
        if let Some(by) = &self.by {
            // The unit is what is bucketed when nothing is named.
            rule.by = (by != "unit").then(|| by.clone());
        }
        if let Some(bucketing) = self.bucketing {
            rule.bucketing = bucketing;
        }
        if let Some(salt) = &self.salt {
            rule.salt = Some(salt.clone());
        }
        Ok(())
    }
}

/// A name by which a rule can be told from a number.
pub(super) fn name(text: &str) -> Result<String, String> {
    match text.parse() {
        Ok(RuleRef::Name(name)) if !name.is_empty() => Ok(name),
        Ok(RuleRef::Name(_)) => Err("a name is not empty".to_owned()),
        _ => Err("a rule that is called by a number would be taken for another one".to_owned()),
    }
}
