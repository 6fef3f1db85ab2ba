//! The options that say what counts as a difference, for `diff` and `compare run`.

mod file;
mod misplaced;
mod value;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use cutover_domain::comparison::{
    Comparator, Comparison, Preset, RedactAction, RedactionRules, Rules, Severity,
};
use cutover_domain::tree::Tree;

pub(crate) use self::misplaced::misplaced;
use self::value::{KeyRule, Redact, Replace, SeverityAt, Tolerance, level, path};
use super::compare::quantity::{duration, size};
use crate::context::variable;
use crate::exit::Failure;

/// What counts as a difference.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Comparison options")]
pub struct RuleArgs {
    /// Begin with the rules of a file, TOML, JSON or YAML by its name; the other options come on
    /// top
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    rules: Option<PathBuf>,
    /// Begin with a set of rules: strict, lenient, mdm or pipeline
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,
    /// Leave out what stands at this path: $.updated_at, $..etag, $.items[*].id
    #[arg(long, value_name = "PATH", value_parser = path)]
    ignore: Vec<String>,
    /// Look only at what stands at this path
    #[arg(long, value_name = "PATH", value_parser = path)]
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
    /// Elements at this path are known by these members: $.entities=external_id, $=id; those
    /// without a partner by the looser ones after a |: $.alerts=entity,type|entity
    #[arg(long, value_name = "PATH=FIELD[,FIELD]")]
    key: Vec<KeyRule>,
    /// Numbers are equal when they are no further apart than this, everywhere or at a path: 1e-9,
    /// $.prices=0.01
    #[arg(long, value_name = "[PATH=]X")]
    abs: Vec<Tolerance>,
    /// Numbers are equal when they are no further apart than this share of the larger one
    #[arg(long, value_name = "[PATH=]X")]
    rel: Vec<Tolerance>,
    /// Tolerance holds between two integers, too
    #[arg(long)]
    tolerate_integers: bool,
    /// 1 and 1.0 differ
    #[arg(long)]
    strict: bool,
    /// A member that is null equals one that is not there
    #[arg(long)]
    null_missing: bool,
    /// Whitespace at the ends of texts does not count
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    trim: Vec<String>,
    /// How much whitespace stands between words does not count
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    whitespace: Vec<String>,
    /// Upper and lower case are the same
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    ignore_case: Vec<String>,
    /// How accents are encoded does not count (Unicode NFC)
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    nfc: Vec<String>,
    /// Times are the same when they name the same instant
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    timestamps: Vec<String>,
    /// Any UUID is the same as any other
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, default_missing_value = "$")]
    uuids: Vec<String>,
    /// What the expression matches counts as this text: '/took [0-9]+ ms/_/', '$..url=|^https?:||'
    #[arg(long, value_name = "[PATH=]/REGEX/TEXT/")]
    replace: Vec<Replace>,
    /// Failing with the same class is the same, whatever the messages say
    #[arg(long)]
    errors_by_class: bool,
    /// How much differences at this path matter: $.log=info (info, warning, error, critical)
    #[arg(long, value_name = "PATH=LEVEL")]
    severity: Vec<SeverityAt>,
    /// Differences below this severity are shown and do not fail
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    fail_on: Option<Severity>,
    /// Keep and show at most so many differences; all are counted [default: 50]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Look for differences at most so many levels deep
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,
    /// Do not compare answers that take more memory than this together: 500MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_bytes: Option<usize>,
    /// Stop comparing two answers after this time: 10s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    max_time: Option<Duration>,
    /// Spend at most so many steps on finding which elements belong together
    #[arg(long, value_name = "STEPS")]
    effort: Option<u64>,
    /// Keep nothing of what stands at this path, or under names and in texts that look like
    /// secrets; it is compared all the same
    #[arg(long, value_name = "PATH[=mask|hash|drop]|secrets")]
    redact: Vec<Redact>,
    /// Keep nothing of what this pattern matches, in values, names and messages
    #[arg(long, value_name = "REGEX")]
    redact_text: Vec<String>,
}

impl RuleArgs {
    /// The rules, to be built into a comparator.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        let mut rules = match &self.rules {
            Some(file) => file::read(file)?,
            None => Rules::new().limit(LIMIT),
        };
        if let Some(preset) = self.preset {
            rules = rules.preset(preset);
        }
        rules = self.add_paths(rules);
        rules = self.add_numbers(rules);
        rules = self.add_texts(rules);
        rules = self.add_budgets(rules);
        if self.null_missing {
            rules = rules.null_equals_missing();
        }
        if self.errors_by_class {
            rules = rules.errors_by_class();
        }
        for severity in &self.severity {
            rules = rules.severity(&severity.path, severity.level);
        }
        if let Some(level) = self.fail_on {
            rules = rules.fail_on(level);
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

    fn add_paths(&self, mut rules: Rules) -> Rules {
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
            rules = rules.key_or(&key.path, &key.by, &key.or);
        }
        rules
    }

    fn add_numbers(&self, mut rules: Rules) -> Rules {
        for Tolerance { path, value } in &self.abs {
            rules = match path {
                Some(path) => rules.absolute_at(path, *value),
                None => rules.absolute(*value),
            };
        }
        for Tolerance { path, value } in &self.rel {
            rules = match path {
                Some(path) => rules.relative_at(path, *value),
                None => rules.relative(*value),
            };
        }
        if self.tolerate_integers {
            rules = rules.tolerate_integers();
        }
        if self.strict {
            rules = rules.strict();
        }
        rules
    }

    fn add_texts(&self, mut rules: Rules) -> Rules {
        type Add = fn(Rules, String) -> Rules;
        let simple: [(&[String], Add); 6] = [
            (&self.trim, Rules::trim),
            (&self.whitespace, Rules::whitespace),
            (&self.ignore_case, Rules::ignore_case),
            (&self.nfc, Rules::nfc),
            (&self.timestamps, Rules::timestamps),
            (&self.uuids, Rules::uuids),
        ];
        for (paths, add) in simple {
            rules = paths.iter().cloned().fold(rules, add);
        }
        for replace in &self.replace {
            rules = rules.replace(&replace.path, &replace.pattern, &replace.with);
        }
        rules
    }

    fn add_budgets(&self, mut rules: Rules) -> Rules {
        if let Some(limit) = self.limit {
            rules = rules.limit(limit);
        }
        if let Some(levels) = self.max_depth {
            rules = rules.max_depth(levels);
        }
        if let Some(bytes) = self.max_bytes {
            rules = rules.max_bytes(bytes as u64);
        }
        if let Some(time) = self.max_time {
            rules = rules.max_time(time);
        }
        if let Some(steps) = self.effort {
            rules = rules.effort(steps);
        }
        rules
    }

    /// The comparator of these rules.
    pub(crate) fn comparator(&self) -> Result<Comparator, Failure> {
        build(&self.salted()?)
    }

    /// The rules, with the salt of hashed values.
    pub(crate) fn salted(&self) -> Result<Rules, Failure> {
        let salt = RedactionRules::new().salt(redaction_salt()?);
        Ok(self.rules()?.redact(salt))
    }

    /// How many differences are kept.
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT)
    }
}

/// The comparator of rules.
pub(crate) fn build(rules: &Rules) -> Result<Comparator, Failure> {
    rules.build().map_err(|error| {
        Failure::usage(error).hint("paths are written like $.items[*].price or $..updated_at")
    })
}

/// Compares within the time that the rules allow.
pub(crate) fn compare_in_time(comparator: &Comparator, old: &Tree, new: &Tree) -> Comparison {
    let Some(time) = comparator.max_time() else {
        return comparator.compare(old, new);
    };
    let begun = Instant::now();
    comparator.compare_until(old, new, &|| begun.elapsed() > time)
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
            "--key=$.alerts=entity,type|entity",
            "--abs=$.prices=0.01",
            "--rel=$.w=0.1",
            "--tolerate-integers",
            "--null-missing",
            "--trim",
            "--whitespace=$.t",
            "--ignore-case=$.t",
            "--nfc=$.t",
            "--timestamps=$..at",
            "--uuids",
            "--replace=$.url=|^https?:||",
            "--errors-by-class",
            "--severity=$.log=info",
            "--fail-on=warning",
            "--max-depth=9",
            "--max-bytes=1MB",
            "--max-time=2s",
            "--effort=1000",
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
            .key_or("$.alerts", ["entity", "type"], ["entity"])
            .absolute_at("$.prices", 0.01)
            .relative_at("$.w", 0.1)
            .tolerate_integers()
            .null_equals_missing()
            .trim("$")
            .whitespace("$.t")
            .ignore_case("$.t")
            .nfc("$.t")
            .timestamps("$..at")
            .uuids("$")
            .replace("$.url", "^https?:", "")
            .errors_by_class()
            .severity("$.log", Severity::Info)
            .fail_on(Severity::Warning)
            .max_depth(9)
            .max_bytes(1_000_000)
            .max_time(Duration::from_secs(2))
            .effort(1_000)
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
        let error = parse(&["--ignore=updated_at"]).unwrap_err().to_string();
        assert!(error.contains("$..updated_at"), "{error}");
        let unclosed = parse(&["--ignore=$["]).unwrap().rules.comparator();
        assert_eq!(unclosed.unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn a_rules_file_is_begun_with() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.toml");
        std::fs::write(&file, "ignore = [\"$.a\"]\n").unwrap();
        let begun = rules(&[&format!("--rules={}", file.display()), "--ignore=$.b"]);
        assert_eq!(begun, Rules::new().ignore("$.a").ignore("$.b"));
        assert!(parse(&["--rules=x", "--preset=mdm"]).is_err());
    }

    #[test]
    fn a_comparison_ends_with_its_time() {
        let tree = |json: &str| Tree::from_json(json).unwrap();
        let within = |time: &str| {
            let comparator = rules(&[&format!("--max-time={time}")]).build().unwrap();
            compare_in_time(&comparator, &tree("[1,2]"), &tree("[1,3]"))
        };
        assert!(within("1h").exact);
        assert!(!within("1ns").exact);
    }
}
