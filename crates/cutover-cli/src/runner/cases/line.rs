//! One line of a case file: an input, or the description of a case.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Case, Input};

/// What describes a case; `name` alone does not.
const MEMBERS: [&str; 4] = ["args", "stdin", "env", "name"];

/// A line that describes a case instead of being its input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description<'a> {
    name: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(borrow)]
    stdin: Option<&'a RawValue>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// What a line is.
enum Kind {
    Description,
    Input {
        /// The member without which it would be a description.
        stranger: Option<String>,
    },
}

/// The case of a line; and, where the line looks like a description and is an input, the member
/// that makes it one.
pub(in super::super) fn read(number: usize, text: &str) -> Result<(Case, Option<String>), String> {
    let value: &RawValue = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let unnamed = format!("line-{number}");
    if let Kind::Input { stranger } = kind(text)? {
        let case = Case {
            name: unnamed,
            input: Input::inline(value),
            args: Vec::new(),
            env: Vec::new(),
        };
        return Ok((case, stranger));
    }
    let described: Description<'_> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let case = Case {
        name: described.name.unwrap_or(unnamed),
        input: described.stdin.map_or(Input::Nothing, Input::inline),
        args: described.args,
        env: described.env.into_iter().collect(),
    };
    Ok((case, None))
}

/// An object with nothing but `name`, `args`, `stdin` and `env`, and more than a `name`, describes
/// a case. Every other value is an input itself, unless it is a description but for the spelling.
fn kind(text: &str) -> Result<Kind, String> {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        return Ok(Kind::Input { stranger: None });
    };
    let is_known = |name: &str| MEMBERS.contains(&name);
    let describes = members.keys().any(|name| is_known(name) && name != "name");
    let mut strangers = members.iter().filter(|(name, _)| !is_known(name));
    let Some((stranger, value)) = strangers.next() else {
        return Ok(match describes {
            true => Kind::Description,
            false => Kind::Input { stranger: None },
        });
    };
    let meant = |name: &str, value: &RawValue| {
        let meant = misspelt(name, value)?;
        (!members.contains_key(meant)).then_some(meant)
    };
    if let Some(meant) = meant(stranger, value)
        && strangers.all(|(name, value)| misspelt(name, value).is_some())
    {
        return Err(format!(
            "there is no member `{stranger}`; did you mean `{meant}`? If the line is an input as it \
             is, write {{\"stdin\": …}} around it"
        ));
    }
    let stranger = describes.then(|| stranger.clone());
    Ok(Kind::Input { stranger })
}

/// The member that a name is one letter away from, if the value is one of that member.
fn misspelt(name: &str, value: &RawValue) -> Option<&'static str> {
    let name = name.to_lowercase();
    let value = value.get();
    let near = |member: &str, letters| strsim::osa_distance(&name, member) <= letters;
    if near("args", 1) && serde_json::from_str::<Vec<String>>(value).is_ok() {
        Some("args")
    } else if near("stdin", 1) {
        Some("stdin")
    } else if near("env", 0) && serde_json::from_str::<BTreeMap<String, String>>(value).is_ok() {
        // Shorter names are near to too many others.
        Some("env")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Case {
        read(7, text).unwrap().0
    }

    fn bytes(case: &Case) -> String {
        String::from_utf8(case.input.read().unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_an_input_unless_it_describes_a_case() {
        let case = line(r#"{"id": 123456789012345678901234567890,  "name": "x"}"#);
        assert_eq!(case.name, "line-7");
        assert_eq!(
            bytes(&case),
            "{\"id\": 123456789012345678901234567890,  \"name\": \"x\"}\n"
        );
        assert_eq!(bytes(&line(r#""a\nb""#)), "a\nb");
        assert_eq!(bytes(&line("[1, 2]")), "[1, 2]\n");
        assert_eq!(bytes(&line(r#"{"name":"Ann"}"#)), "{\"name\":\"Ann\"}\n");

        let case = line(r#"{"name":"n","args":["-x","a b"],"stdin":"in","env":{"K":"V"}}"#);
        assert_eq!(case.name, "n");
        assert_eq!(case.args, ["-x", "a b"]);
        assert_eq!(case.env, [("K".to_owned(), "V".to_owned())]);
        assert_eq!(bytes(&case), "in");
        assert_eq!(
            bytes(&line(r#"{"stdin":{"name":"Ann"}}"#)),
            "{\"name\":\"Ann\"}\n"
        );
        assert_eq!(line(r#"{"args":[]}"#).input, Input::Nothing);
    }

    #[test]
    fn an_ill_formed_description_is_refused() {
        for text in [
            r#"{"args":"x"}"#,
            r#"{"args":[1]}"#,
            r#"{"env":{"K":1}}"#,
            "{",
            "nope",
        ] {
            assert!(read(1, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_description_but_for_the_spelling_is_refused_with_the_near_name() {
        for (text, name) in [
            (r#"{"name":"a","agrs":["-x"]}"#, "args"),
            (r#"{"arg":["-x"]}"#, "args"),
            (r#"{"args":["-x"],"stdn":"in"}"#, "stdin"),
            (r#"{"Stdin":{"a":1}}"#, "stdin"),
            (r#"{"args":[],"ENV":{"K":"V"}}"#, "env"),
        ] {
            let error = read(1, text).unwrap_err();
            let said = format!("did you mean `{name}`?");
            assert!(error.contains(&said), "{text}: {error}");
        }
    }

    #[test]
    fn an_input_that_looks_like_a_description_is_told() {
        for (text, stranger) in [
            (r#"{"args":["-x"],"timeout":5}"#, Some("timeout")),
            (r#"{"stdin":"x","output":"y"}"#, Some("output")),
            (r#"{"name":"a","arg":3}"#, None),
            (r#"{"name":"a","studio":"b","end":"c"}"#, None),
            (r#"{"id":1}"#, None),
            ("3", None),
        ] {
            let (case, found) = read(1, text).unwrap();
            assert_eq!(found.as_deref(), stranger, "{text}");
            assert_eq!(bytes(&case), format!("{text}\n"));
        }
    }
}
