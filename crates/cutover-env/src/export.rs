use std::collections::BTreeMap;

use cutover_domain::Percentage;
use cutover_domain::flags::{
    Definition, FlagDocument, FlagKey, Problem, Rollout, State, ValueType,
};

use crate::{EnvConfig, Scheme};

/// Flags as variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// A dotenv file: a line a variable, in order of flag.
    pub text: String,
    /// Everything that decides and that no variable says, by its path in the document.
    pub unsaid: Vec<Problem>,
}

/// The variables that say what the flags of `document` say, as far as variables can.
///
/// A flag that cannot be said at all has no variables. Descriptions become comments; what does not
/// decide (owner, expiry) is left out. [`import`](crate::import()) of the text gives the same
/// answers, save for what is listed.
///
/// ```
/// use cutover_domain::flags::{Definition, FlagDocument};
/// use cutover_env::{EnvConfig, Scheme, export};
///
/// let mut document = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?);
/// let mut flag = Definition::boolean();
/// flag.overrides.insert("acme".to_owned(), "on".to_owned());
/// document.flags.insert("new_parser".parse()?, flag);
///
/// let exported = export(&EnvConfig::new(Scheme::Feature), &document);
/// assert_eq!(exported.text, "FEATURE_NEW_PARSER=true\nFEATURE_NEW_PARSER_ROLLOUT=0\n");
/// assert_eq!(
///     exported.unsaid[0].to_string(),
///     "$.flags[\"new_parser\"].overrides: no variable names a unit"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn export(config: &EnvConfig, document: &FlagDocument) -> Exported {
    let naming = config.naming();
    let mut users = BTreeMap::<String, Vec<&FlagKey>>::new();
    for key in document.flags.keys() {
        for name in [naming.switch(key), naming.share(key)] {
            users.entry(name).or_default().push(key);
        }
    }
    let mut writer = Writer {
        config,
        text: String::new(),
        unsaid: Vec::new(),
    };
    for (key, definition) in &document.flags {
        let names = [naming.switch(key), naming.share(key)];
        let shared = names.iter().find(|name| users[*name].len() > 1);
        match shared {
            None => writer.flag(key, definition, &names),
            Some(name) => {
                let users: Vec<_> = users[name].iter().map(|key| key.as_str()).collect();
                let users = users.join(" and ");
                writer.cannot(key, "", format!("{users} have the same variable, {name}"));
            }
        }
    }
    Exported {
        text: writer.text,
        unsaid: writer.unsaid,
    }
}

struct Writer<'a> {
    config: &'a EnvConfig,
    text: String,
    unsaid: Vec<Problem>,
}

impl Writer<'_> {
    fn cannot(&mut self, key: &FlagKey, field: &str, message: impl Into<String>) {
        self.unsaid.push(Problem {
            path: format!("$.flags[\"{key}\"]{field}"),
            message: message.into(),
        });
    }

    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        self.text.push_str(&format!("{name}={value}\n"));
    }

    fn flag(&mut self, key: &FlagKey, definition: &Definition, [switch, share]: &[String; 2]) {
        let is_killed = definition.state == State::Killed;
        let on_for = match share_of(definition) {
            Ok(on_for) => Some(on_for),
            Err((field, problem)) => {
                self.cannot(key, field, problem);
                None
            }
        };
        if on_for.is_some() || is_killed {
            self.comment(definition);
        }
        match self.config.scheme() {
            Scheme::Feature => {
                if on_for.is_some() || is_killed {
                    self.line(switch, !is_killed);
                }
                if let Some(on_for) = on_for {
                    self.line(share, on_for);
                }
            }
            Scheme::Mdm => {
                if is_killed {
                    let below = "no variable kills a flag; it is written as off for all, and what \
                                 stands below the kill is lost";
                    self.cannot(key, ".state", below);
                }
                let on_for = if is_killed {
                    Some(Percentage::ZERO)
                } else {
                    on_for
                };
                if let Some(on_for) = on_for {
                    self.mdm(key, on_for, switch, share);
                }
            }
        }
        if on_for.is_some() || is_killed {
            self.rest(key, definition);
        }
    }

    /// The flags of the scheme that are replaced in steps have a percentage; the others are
    /// switches alone, unless they need one.
    fn mdm(&mut self, key: &FlagKey, on_for: Percentage, switch: &str, share: &str) {
        self.line(switch, on_for.is_full());
        let stepwise = key.as_str().starts_with(&self.config.naming().stripped);
        let is_part = !on_for.is_zero() && !on_for.is_full();
        if is_part || (stepwise && !on_for.is_full()) {
            self.line(share, on_for);
        }
        if !on_for.thousandths().is_multiple_of(1000) {
            let whole = "the programs of this scheme read whole percents only";
            self.cannot(key, ".rollout.percentage", whole);
        }
    }

    fn comment(&mut self, definition: &Definition) {
        let description = definition.description.iter().flat_map(|text| text.lines());
        for line in description {
            let visible: String = line.chars().filter(|next| !next.is_control()).collect();
            self.text.push_str(&format!("# {}\n", visible.trim()));
        }
    }

    /// What decides beside kill and rollout.
    fn rest(&mut self, key: &FlagKey, definition: &Definition) {
        if !definition.requires.is_empty() {
            let keys: Vec<_> = definition.requires.iter().map(FlagKey::as_str).collect();
            let keys = keys.join(", ");
            self.cannot(key, ".requires", format!("no variable requires {keys}"));
        }
        if !definition.overrides.is_empty() {
            self.cannot(key, ".overrides", "no variable names a unit");
        }
        if !definition.rules.is_empty() {
            self.cannot(key, ".rules", "no variable has a condition");
        }
        if let Some(stage) = definition.stage {
            let stage = stage.name();
            self.cannot(key, ".stage", format!("no variable has the stage {stage}"));
        }
        let rollout = definition.rollout.clone().unwrap_or_default();
        let of_scheme = self.config.scheme().bucketing();
        let bucketed = |rollout: &Rollout| Rollout {
            percentage: None,
            variant: None,
            split: Vec::new(),
            ..rollout.clone()
        };
        let is_part = rollout
            .percentage
            .is_some_and(|share| !share.is_zero() && !share.is_full());
        if is_part && bucketed(&rollout) != of_scheme {
            let wanted = of_scheme.bucketing;
            let problem = format!(
                "units are bucketed in another way than by unit with {wanted}: others are in"
            );
            self.cannot(key, ".rollout", problem);
        }
    }
}

/// The share of units that a boolean flag is on for, or the field that variables cannot say.
fn share_of(definition: &Definition) -> Result<Percentage, (&'static str, String)> {
    if definition.kind != ValueType::Boolean {
        let kind = definition.kind;
        return Err((
            ".type",
            format!("a variable is on or off, and this is of type {kind}"),
        ));
    }
    if definition
        .rollout
        .as_ref()
        .is_some_and(|rollout| !rollout.split.is_empty())
    {
        let problem = "no variable divides units over variants";
        return Err((".rollout.split", problem.to_owned()));
    }
    let is_on = |variant: &str| {
        let value = definition.variants.get(variant);
        value.and_then(|value| value.as_bool()) == Some(true)
    };
    let everybody = |on| {
        if on {
            Percentage::FULL
        } else {
            Percentage::ZERO
        }
    };
    let outside = is_on(&definition.default);
    let Some(share) = definition.percentage().filter(|share| !share.is_zero()) else {
        return Ok(everybody(outside));
    };
    match (is_on(definition.rollout_variant()), outside) {
        (inside, _) if share.is_full() => Ok(everybody(inside)),
        (true, false) => Ok(share),
        (false, true) => Err((
            ".rollout",
            "the rollout takes the flag from those inside, and a variable can only give it to them"
                .to_owned(),
        )),
        (both, _) => Ok(everybody(both)),
    }
}
