//! What the values of comparison options say.

use std::str::FromStr;

use cutover_domain::comparison::{RedactAction, Severity};

/// A path of the answer. What is wrong with it otherwise is found with all rules together.
pub(super) fn path(text: &str) -> Result<String, String> {
    if text.starts_with('$') {
        return Ok(text.to_owned());
    }
    let name = text.trim_start_matches('.');
    Err(format!(
        "a path begins with $: $.{name} at the top, $..{name} wherever it stands"
    ))
}

/// What is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redact {
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

/// `PATH=FIELD[,FIELD][|FIELD[,FIELD]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyRule {
    pub(super) path: String,
    pub(super) by: Vec<String>,
    pub(super) or: Vec<String>,
}

impl FromStr for KeyRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = || {
            "a key is written PATH=FIELD[,FIELD], for example $.entities=external_id; after a | come \
             looser fields for what is left"
                .to_owned()
        };
        let fields = |text: &str| -> Vec<String> {
            text.split(',')
                .map(|field| field.trim().to_owned())
                .collect()
        };
        // A path may hold `=` in a quoted name; a field cannot.
        let Some((path, key)) = text.rsplit_once('=') else {
            return Err(match text {
                "" => wanted(),
                path if path.starts_with('$') => {
                    format!("known by which members? Write {path}=FIELD, for example {path}=id")
                }
                name => format!(
                    "a key has a path and fields: $={name} for the elements of the whole answer, \
                     $.items={name} for those at a path"
                ),
            });
        };
        let (by, or) = match key.split_once('|') {
            Some((by, or)) => (fields(by), fields(or)),
            None => (fields(key), Vec::new()),
        };
        if path.is_empty() || by.iter().chain(&or).any(String::is_empty) {
            return Err(wanted());
        }
        Ok(Self {
            path: self::path(path)?,
            by,
            or,
        })
    }
}

/// `[PATH=]X`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tolerance {
    pub(super) path: Option<String>,
    pub(super) value: f64,
}

impl FromStr for Tolerance {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, value) = split_path(text);
        match value.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(Self { path, value }),
            _ => Err(
                "a tolerance is a number that is not negative, for example 1e-9; \
                      $.prices=0.01 holds at a path",
            ),
        }
    }
}

/// `[PATH=]/REGEX/TEXT/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replace {
    pub(super) path: String,
    pub(super) pattern: String,
    pub(super) with: String,
}

impl FromStr for Replace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "a replacement is written [PATH=]/REGEX/TEXT/, for example \
             '$..url=/^https?:/x:/'; instead of / any other character will do";
        let (path, script) = split_path(text);
        let limit = script.chars().next().ok_or(WANTED)?;
        if limit.is_alphanumeric() || limit == '\\' {
            return Err(WANTED);
        }
        let mut parts = vec![String::new()];
        let mut characters = script.chars().skip(1);
        while let Some(character) = characters.next() {
            if character == limit {
                parts.push(String::new());
                continue;
            }
            let Some(part) = parts.last_mut() else {
                continue;
            };
            match (character, characters.clone().next()) {
                ('\\', Some(next)) => {
                    // The limit itself is meant; other escapes are the expression's.
                    if next != limit {
                        part.push('\\');
                    }
                    part.push(next);
                    characters.next();
                }
                _ => part.push(character),
            }
        }
        match <[String; 3]>::try_from(parts) {
            Ok([pattern, with, end]) if end.is_empty() && !pattern.is_empty() => Ok(Self {
                path: path.unwrap_or_else(|| "$".to_owned()),
                pattern,
                with,
            }),
            _ => Err(WANTED),
        }
    }
}

/// `PATH=LEVEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeverityAt {
    pub(super) path: String,
    pub(super) level: Severity,
}

impl FromStr for SeverityAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match split_path(text) {
            (Some(path), word) => Ok(Self {
                path,
                level: level(word)?,
            }),
            (None, _) => Err("a severity is written PATH=LEVEL, for example $.log=info".to_owned()),
        }
    }
}

/// A severity by its word.
pub(super) fn level(word: &str) -> Result<Severity, String> {
    Severity::ALL
        .into_iter()
        .find(|level| level.word() == word)
        .ok_or_else(|| {
            let words = Severity::ALL.map(Severity::word).join(", ");
            format!("the severities are {words}")
        })
}

/// The path before the first `=` that is not in a quoted name, and what comes after it.
fn split_path(text: &str) -> (Option<String>, &str) {
    if !text.starts_with('$') {
        return (None, text);
    }
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '=') => return (Some(text[..at].to_owned()), &text[at + 1..]),
            _ => {}
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_path_and_fields() {
        let key = |text: &str| text.parse::<KeyRule>();
        assert_eq!(key("$=id").unwrap().path, "$");
        let quoted = key("$['a=b'].x=parent, child").unwrap();
        assert_eq!(
            (&*quoted.path, &quoted.by[..]),
            ("$['a=b'].x", &["parent".to_owned(), "child".to_owned()][..])
        );
        assert_eq!(key("$.alerts=entity,type|entity").unwrap().or, ["entity"]);
        for text in ["", "=id", "$=", "$=a,,b", "$=a|", "$=|a"] {
            assert!(key(text).unwrap_err().contains("PATH=FIELD"), "{text}");
        }
        for (text, said) in [
            ("id", "$=id for the elements"),
            ("$.items", "$.items=id"),
            ("items=id", "$.items at the top"),
        ] {
            let error = key(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_tolerance_is_no_negative_or_endless_number() {
        let at = |path: Option<&str>, value| Tolerance {
            path: path.map(str::to_owned),
            value,
        };
        assert_eq!("1e-9".parse(), Ok(at(None, 1e-9)));
        assert_eq!("$['a=1']=0.5".parse(), Ok(at(Some("$['a=1']"), 0.5)));
        for text in ["-1", "NaN", "inf", "x", "$.a", "$.a=", "$.a=-1"] {
            assert!(text.parse::<Tolerance>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_replacement_is_written_as_sed_does() {
        let replace = |text: &str| {
            text.parse::<Replace>()
                .map(|found| (found.path, found.pattern, found.with))
        };
        for (text, path, pattern, with) in [
            ("/a/b/", "$", "a", "b"),
            ("/a//", "$", "a", ""),
            (r"$..url=/^http:\/\/\d+/x/", "$..url", r"^http://\d+", "x"),
            ("$['=']=|/a|/b|", "$['=']", "/a", "/b"),
            (r"#a\\#b#", "$", r"a\\", "b"),
        ] {
            let expected = (path.to_owned(), pattern.to_owned(), with.to_owned());
            assert_eq!(replace(text), Ok(expected), "{text}");
        }
        for text in [
            "", "a", "/", "/a", "/a/", "/a/b", "/a/b/c", "//b/", "$.a", "$.a=b",
        ] {
            assert!(replace(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_severity_has_a_path_and_a_level() {
        let severity = "$.log=info".parse::<SeverityAt>().unwrap();
        assert_eq!((&*severity.path, severity.level), ("$.log", Severity::Info));
        let error = "$.log=fatal".parse::<SeverityAt>().unwrap_err();
        assert!(error.contains("info, warning, error, critical"), "{error}");
        assert!("info".parse::<SeverityAt>().is_err());
    }
}
