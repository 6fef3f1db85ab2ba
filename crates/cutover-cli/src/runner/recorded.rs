//! The input of a case as its record keeps it: what `compare replay` runs again.

use cutover_domain::comparison::{RecordedInput, Redaction};
use cutover_domain::tree::{BuildError, Tree, TreeBuilder};
use cutover_formats::{Document, Format};

use super::Case;
use super::cases::Input;

impl Case {
    /// What may be kept of it, as a line of a case file: `stdin`, `args`, `env`. Paths of the
    /// redaction begin where the input does; names and texts are redacted in all of it.
    pub(crate) fn recorded(&self, redaction: &Redaction, limit: u64) -> RecordedInput {
        let others = self.env.iter().flat_map(|(name, value)| [name, value]);
        let others = self.args.iter().chain(others).map(|text| text.len() as u64);
        match self
            .input
            .size()
            .map(|bytes| others.fold(bytes, u64::saturating_add))
        {
            Ok(bytes) if bytes > limit => return RecordedInput::TooLarge { bytes, limit },
            Ok(_) => {}
            Err(error) => return RecordedInput::Failed(format!("it cannot be read: {error}")),
        }
        let bytes = match self.input.read() {
            Ok(bytes) => bytes,
            Err(error) => return RecordedInput::Failed(format!("it cannot be read: {error}")),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return RecordedInput::Failed("it is no text: its bytes are not UTF-8".to_owned());
        };
        let (stdin, places) = match stdin(text, redaction) {
            Ok(redacted) => redacted,
            Err(why) => return RecordedInput::Failed(why),
        };
        let stdin = (self.input != Input::Nothing).then_some(stdin);
        let whole = match self.line(stdin.as_ref()) {
            Ok(whole) => whole,
            Err(error) => return RecordedInput::Failed(error.to_string()),
        };
        // As JSON it may be longer: what is allowed is what a program is given.
        match RecordedInput::of(&whole, redaction, u64::MAX) {
            RecordedInput::Kept { value, redacted } => RecordedInput::Kept {
                value,
                // What is redacted once more is the same place.
                redacted: redacted.max(places),
            },
            other => other,
        }
    }

    fn line(&self, stdin: Option<&Tree>) -> Result<Tree, BuildError> {
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        if let Some(stdin) = stdin {
            builder.key("stdin");
            builder.value(stdin.root());
        }
        if stdin.is_none() || !self.args.is_empty() {
            builder.key("args");
            builder.begin_array();
            for word in &self.args {
                builder.string(word);
            }
            builder.end_array();
        }
        if !self.env.is_empty() {
            builder.key("env");
            builder.begin_object();
            for (name, value) in &self.env {
                builder.key(name);
                builder.string(value);
            }
            // They were read from an object, and the other names are three.
            let _ = builder.end_object();
        }
        let _ = builder.end_object();
        builder.finish()
    }
}

/// An input as it may be kept, and how many places of it were redacted. It stays the text that it
/// was unless something in it has to go.
fn stdin(text: String, redaction: &Redaction) -> Result<(Tree, u64), String> {
    if !redaction.needs_structure() || text.trim().is_empty() {
        return Ok((Tree::string(text), 0));
    }
    let read = |format| Document::new(text.as_bytes()).format(format).read().ok();
    let Some(tree) = read(Format::Json).or_else(|| read(Format::JsonLines)) else {
        return Err(
            "it is no JSON, so that nobody knows where in it is what the rules redact by path or \
             name"
                .to_owned(),
        );
    };
    let kept = redaction.tree(&tree);
    if kept.places == 0 {
        return Ok((Tree::string(text), 0));
    }
    Ok((kept.tree, kept.places))
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::{RedactAction, RedactionRules};

    use super::super::cases::line;
    use super::*;

    fn kept(text: &str, redaction: &Redaction) -> (String, bool) {
        let case = line::read(1, text).unwrap().0;
        let recorded = case.recorded(redaction, 100);
        let text = recorded
            .value()
            .map_or_else(|| format!("{recorded:?}"), Tree::to_json);
        (text, recorded.is_changed())
    }

    #[test]
    fn an_input_is_kept_as_the_line_that_runs_it_again() {
        let none = Redaction::default();
        for (line, expected) in [
            (r#"{"id":  7}"#, r#"{"stdin":"{\"id\":  7}\n"}"#),
            (r#""a\nb""#, r#"{"stdin":"a\nb"}"#),
            (
                r#"{"name":"n","args":["-x"],"env":{"K":"V"}}"#,
                r#"{"args":["-x"],"env":{"K":"V"}}"#,
            ),
            (
                r#"{"args":["-x"],"stdin":"in"}"#,
                r#"{"stdin":"in","args":["-x"]}"#,
            ),
        ] {
            assert_eq!(kept(line, &none), (expected.to_owned(), false), "{line}");
            let again = line::read(1, expected).unwrap().0;
            assert_eq!(
                again.recorded(&none, 100).value().unwrap().to_json(),
                expected
            );
        }
        let fits = kept(&format!("\"{}\"", "\\n".repeat(100)), &none).0;
        assert!(fits.starts_with("{\"stdin\""), "{fits}");
        let long = format!("\"{}\"", "x".repeat(101));
        assert!(
            kept(&long, &none)
                .0
                .starts_with("TooLarge { bytes: 101, limit: 100")
        );
    }

    #[test]
    fn what_must_not_be_kept_goes_from_inputs_too() {
        let redaction = RedactionRules::new()
            .secrets()
            .path("$.user", RedactAction::Mask)
            .build()
            .unwrap();
        for (line, expected, changed) in [
            (
                r#"{"user": "ann", "n": 1}"#,
                r#"{"stdin":{"user":"[redacted]","n":1}}"#,
                true,
            ),
            (r#"{"n":  1}"#, r#"{"stdin":"{\"n\":  1}\n"}"#, false),
            (
                r#"{"args":[],"env":{"API_KEY":"k"}}"#,
                r#"{"args":[],"env":{"API_KEY":"[redacted]"}}"#,
                true,
            ),
        ] {
            assert_eq!(
                kept(line, &redaction),
                (expected.to_owned(), changed),
                "{line}"
            );
        }
        let (failed, _) = kept(r#""user: ann""#, &redaction);
        assert!(failed.contains("no JSON"), "{failed}");
    }
}
