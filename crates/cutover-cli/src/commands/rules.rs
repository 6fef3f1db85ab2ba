//! The options that say what counts as a difference, for `diff` and `compare run`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use cutover_domain::comparison::{Comparator, Preset, RedactAction, RedactionRules, Rules};

use crate::context::variable;
use crate::exit::Failure;

/// What counts as a difference.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Comparison options")]
pub struct RuleArgs {
    /// Leave out what stands at this path: $.updated_at, $..etag, $.items[*].id
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// Look only at what stands at this path
    #[arg(long, value_name = "PATH")]
    only: Vec<String>,
    /// The order of elements does not count, at this path or everywhere
    #[arg(
        long,
        value_name = "PATH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    unordered: Vec<String>,
    /// Elements at this path are known by these members: $.entities=external_id, $=id
    #[arg(long, value_name = "PATH=FIELD[,FIELD]")]
    key: Vec<KeyRule>,
    /// Numbers are equal when they are no further apart than this
    #[arg(long, value_name = "X", value_parser = tolerance)]
    abs: Option<f64>,
    /// Numbers are equal when they are no further apart than this share of the larger one
    #[arg(long, value_name = "X", value_parser = tolerance)]
    rel: Option<f64>,
    /// Keep nothing of what stands at this path, or under names and in texts that look like
    /// secrets; it is compared all the same
    #[arg(long, value_name = "PATH[=mask|hash|drop]|secrets")]
    redact: Vec<Redact>,
    /// Keep nothing of what this pattern matches, in values, names and messages
    #[arg(long, value_name = "REGEX")]
    redact_text: Vec<String>,
    /// Begin with a set of rules: strict, lenient, mdm or pipeline
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,
    /// 1 and 1.0 differ
    #[arg(long)]
    strict: bool,
    /// Begin with the rules of a file, TOML or (.json) JSON; the other options come on top
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    rules: Option<PathBuf>,
    /// Keep and show at most so many differences; all are counted [default: 50]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// What is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Redact {
    Path(String, RedactAction),
    Secrets,
}

impl FromStr for Redact {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "what is redacted is a path like $..password, with =hash or =drop if need be, or the \
             word secrets";
        if text == "secrets" {
            return Ok(Self::Secrets);
        }
        if !text.starts_with('$') {
            return Err(WANTED);
        }
        // A path may hold `=` in a quoted name, and then a bracket follows.
        let (path, action) = match text.rsplit_once('=') {
            Some((path, "mask")) => (path, RedactAction::Mask),
            Some((path, "hash")) => (path, RedactAction::Hash),
            Some((path, "drop")) => (path, RedactAction::Drop),
            Some((_, word)) if !word.contains(']') => return Err(WANTED),
            _ => (text, RedactAction::Mask),
        };
        Ok(Self::Path(path.to_owned(), action))
    }
}

/// `PATH=FIELD[,FIELD]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyRule {
    path: String,
    fields: Vec<String>,
}

impl FromStr for KeyRule {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str =
            "a key is written PATH=FIELD[,FIELD], for example $.entities=external_id";
        // A path may hold `=` in a quoted name; a field cannot.
        let (path, fields) = text.rsplit_once('=').ok_or(WANTED)?;
        let fields: Vec<String> = fields
            .split(',')
            .map(|field| field.trim().to_owned())
            .collect();
        if path.is_empty() || fields.iter().any(String::is_empty) {
            return Err(WANTED);
        }
        Ok(Self {
            path: path.to_owned(),
            fields,
        })
    }
}

fn tolerance(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("a tolerance is a number that is not negative, for example 1e-9"),
    }
}

impl RuleArgs {
    /// The rules, to be built into a comparator.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        let mut rules = match &self.rules {
            Some(file) => read_rules(file)?,
            None => Rules::new().limit(LIMIT),
        };
        if let Some(limit) = self.limit {
            rules = rules.limit(limit);
        }
        if let Some(preset) = self.preset {
            rules = rules.preset(preset);
        }
        if self.strict {
            rules = rules.strict();
        }
        for path in &self.ignore {
            rules = rules.ignore(path);
        }
        for path in &self.only {
            rules = rules.only(path);
        }
        for path in &self.unordered {
            rules = match path.as_str() {
                "" => rules.unordered_everywhere(),
                path => rules.unordered(path),
            };
        }
        for key in &self.key {
            rules = rules.key(&key.path, &key.fields);
        }
        if let Some(tolerance) = self.abs {
            rules = rules.absolute(tolerance);
        }
        if let Some(tolerance) = self.rel {
            rules = rules.relative(tolerance);
        }
        for redact in &self.redact {
            rules = rules.redact(match redact {
                Redact::Path(path, action) => RedactionRules::new().path(path, *action),
                Redact::Secrets => RedactionRules::new().secrets(),
            });
        }
        for pattern in &self.redact_text {
            rules = rules.redact(RedactionRules::new().text(pattern, RedactAction::Mask));
        }
        Ok(rules)
    }

    /// The comparator of these rules.
    pub(crate) fn comparator(&self) -> Result<Comparator, Failure> {
        let salt = RedactionRules::new().salt(redaction_salt()?);
        self.rules()?.redact(salt).build().map_err(|error| {
            Failure::usage(error).hint("paths are written like $.items[*].price or $..updated_at")
        })
    }

    /// How many differences are kept.
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT)
    }
}

/// The salt of hashed values. Without a variable one of this process alone: then hashes are
/// comparable within a run.
fn redaction_salt() -> Result<String, Failure> {
    if let Some(salt) = variable("CUTOVER_REDACTION_SALT") {
        return Ok(salt);
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::io("get a random number", &error.into()))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// How many differences are kept when nothing is said.
const LIMIT: usize = 50;

fn read_rules(file: &Path) -> Result<Rules, Failure> {
    let doing = format!("read the rules in {}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| Failure::io(&doing, &error))?;
    let rules = match file.extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string()),
        _ => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    rules.map_err(|error| {
        Failure::usage(format_args!("cannot {doing}: {}", error.trim_end()))
            .hint("a rules file has the entries preset, ignore, only, unordered, keys, numbers, …")
    })
}

fn preset(name: &str) -> Result<Preset, String> {
    Preset::by_name(name).ok_or_else(|| {
        let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.name()).collect();
        format!("the presets are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::exit::Exit;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        rules: RuleArgs,
        file: Option<String>,
    }

    fn parse(arguments: &[&str]) -> Result<Command, clap::Error> {
        Command::try_parse_from([&["x"], arguments].concat())
    }

    fn rules(arguments: &[&str]) -> Rules {
        parse(arguments).unwrap().rules.rules().unwrap()
    }

    fn begun() -> Rules {
        Rules::new().limit(50)
    }

    #[test]
    fn unordered_takes_a_path_only_after_an_equals_sign() {
        let command = parse(&["--unordered", "file"]).unwrap();
        assert_eq!(command.file.as_deref(), Some("file"));
        assert_eq!(
            command.rules.rules().unwrap(),
            begun().unordered_everywhere()
        );
        assert_eq!(
            rules(&["--unordered=$.tags", "--unordered=$.ids"]),
            begun().unordered("$.tags").unordered("$.ids")
        );
    }

    #[test]
    fn every_option_is_a_rule() {
        let all = rules(&[
            "--preset=mdm",
            "--strict",
            "--ignore=$.a",
            "--ignore=$.b",
            "--only=$.c",
            "--key=$.d=x,y",
            "--abs=0.5",
            "--rel=1e-9",
            "--limit=7",
            "--redact=$.e",
            "--redact=$.f['a=b']",
            "--redact=$.g=hash",
            "--redact=secrets",
            "--redact-text=[0-9]{16}",
        ]);
        let expected = Rules::new()
            .limit(7)
            .preset(Preset::Mdm)
            .strict()
            .ignore("$.a")
            .ignore("$.b")
            .only("$.c")
            .key("$.d", ["x", "y"])
            .absolute(0.5)
            .relative(1e-9)
            .redact(
                RedactionRules::new()
                    .path("$.e", RedactAction::Mask)
                    .path("$.f['a=b']", RedactAction::Mask)
                    .path("$.g", RedactAction::Hash)
                    .secrets()
                    .text("[0-9]{16}", RedactAction::Mask),
            );
        assert_eq!(all, expected);
        assert!(parse(&["--redact=password"]).is_err());
        assert!(parse(&["--redact=$.a=shred"]).is_err());
        let error = parse(&["--preset=nothing"]).unwrap_err().to_string();
        assert!(error.contains("pipeline"), "{error}");
        let error = parse(&["--ignore=updated_at"])
            .unwrap()
            .rules
            .comparator()
            .unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
    }

    #[test]
    fn a_rules_file_is_begun_with_and_says_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let argument = format!("--rules={}", file.display());
            parse(&[&argument, "--ignore=$.b"]).unwrap().rules.rules()
        };
        let expected = Rules::new().ignore("$.a").unordered("$.tags").ignore("$.b");
        let toml = "ignore = [\"$.a\"]\nunordered = [\"$.tags\"]\n";
        assert_eq!(read("rules.toml", toml).unwrap(), expected);
        let json = r#"{"ignore": ["$.a"], "unordered": ["$.tags"]}"#;
        assert_eq!(read("rules.json", json).unwrap(), expected);
        for (name, text) in [
            ("rules.toml", "ignored = []"),
            ("rules.json", "{\"ignored\": []}"),
        ] {
            let error = read(name, text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            assert!(error.to_string().contains("ignored"), "{error}");
            assert!(error.to_string().contains("line 1"), "{error}");
        }
        let missing = parse(&["--rules=nowhere.toml"])
            .unwrap()
            .rules
            .rules()
            .unwrap_err();
        assert_eq!(missing.exit(), Exit::Trouble);
    }

    #[test]
    fn a_key_has_a_path_and_fields() {
        let key = |text: &str| text.parse::<KeyRule>();
        let fields = |text: &str| key(text).unwrap().fields;
        assert_eq!(key("$=id").unwrap().path, "$");
        assert_eq!(key("$['a=b'].x=parent, child").unwrap().path, "$['a=b'].x");
        assert_eq!(fields("$['a=b'].x=parent, child"), ["parent", "child"]);
        for text in ["", "$", "=id", "$=", "$=a,,b"] {
            assert!(key(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tolerance_is_no_negative_or_endless_number() {
        for text in ["-1", "NaN", "inf", "x"] {
            assert!(parse(&[&format!("--abs={text}")]).is_err(), "{text}");
        }
    }
}
