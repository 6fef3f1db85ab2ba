//! The options that say what counts as a difference, for `diff` and `compare run`.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use crate::devstub::Comparator;

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
    /// Begin with a set of rules: strict, lenient, mdm or pipeline
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// 1 and 1.0 are different
    #[arg(long)]
    strict: bool,
    /// Keep and show at most so many differences; all are counted
    #[arg(long, value_name = "N", default_value = "50")]
    limit: usize,
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
        const WANTED: &str = "a key is written PATH=FIELD[,FIELD], for example $.entities=external_id";
        // A path may hold `=` in a quoted name; a field cannot.
        let (path, fields) = text.rsplit_once('=').ok_or(WANTED)?;
        let fields: Vec<String> = fields.split(',').map(|field| field.trim().to_owned()).collect();
        if path.is_empty() || fields.iter().any(String::is_empty) {
            return Err(WANTED);
        }
        Ok(Self { path: path.to_owned(), fields })
    }
}

impl fmt::Display for KeyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.fields.join(","))
    }
}

fn tolerance(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("a tolerance is a number that is not negative, for example 1e-9"),
    }
}

impl RuleArgs {
    /// The comparator of these rules.
    pub(crate) fn comparator(&self) -> Result<Comparator, Failure> {
        Ok(Comparator)
    }

    /// How many differences are kept.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The rules as they were given, for whoever reads the answer later.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut tell = |option: &str, values: &[String]| {
            told.extend(values.iter().map(|value| match value.is_empty() {
                true => format!("--{option}"),
                false => format!("--{option}={value}"),
            }));
        };
        tell("preset", self.preset.as_slice());
        tell("ignore", &self.ignore);
        tell("only", &self.only);
        tell("unordered", &self.unordered);
        tell("key", &self.key.iter().map(KeyRule::to_string).collect::<Vec<_>>());
        tell("abs", self.abs.map(|abs| format!("{abs:e}")).as_slice());
        tell("rel", self.rel.map(|rel| format!("{rel:e}")).as_slice());
        if self.strict {
            tell("strict", &[String::new()]);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        rules: RuleArgs,
        file: Option<String>,
    }

    fn parse(arguments: &[&str]) -> Result<Command, clap::Error> {
        Command::try_parse_from([&["x"], arguments].concat())
    }

    #[test]
    fn unordered_takes_a_path_only_after_an_equals_sign() {
        let command = parse(&["--unordered", "file"]).unwrap();
        assert_eq!(command.file.as_deref(), Some("file"));
        assert_eq!(command.rules.told(), ["--unordered"]);
        let command = parse(&["--unordered=$.tags", "--unordered=$.ids"]).unwrap();
        assert_eq!(command.rules.told(), ["--unordered=$.tags", "--unordered=$.ids"]);
    }

    #[test]
    fn a_key_has_a_path_and_fields() {
        let key = |text: &str| text.parse::<KeyRule>();
        assert_eq!(key("$=id").unwrap().to_string(), "$=id");
        let several = key("$['a=b'].x=parent, child").unwrap();
        assert_eq!(several.path, "$['a=b'].x");
        assert_eq!(several.fields, ["parent", "child"]);
        for text in ["", "$", "=id", "$=", "$=a,,b"] {
            assert!(key(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tolerance_is_no_negative_or_endless_number() {
        for text in ["-1", "NaN", "inf", "x"] {
            assert!(parse(&[&format!("--abs={text}")]).is_err(), "{text}");
        }
        assert_eq!(parse(&["--rel", "1e-9"]).unwrap().rules.told(), ["--rel=1e-9"]);
    }
}
