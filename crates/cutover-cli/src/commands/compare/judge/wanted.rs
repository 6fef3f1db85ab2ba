//! What an answer is to be read as: `json`, `csv:key=id`, `sqlite:table=orders`.

use std::str::FromStr;

use super::reading::ReadAs;
use crate::suggest::closest;

/// What an answer is read as, and how its elements find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Wanted {
    /// As it was written.
    text: String,
    pub(super) read_as: ReadAs,
    pub(super) pairing: Pairing,
}

/// How the elements of an answer (the rows of a table) find each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Pairing {
    /// As the rules say, else in their order.
    #[default]
    ByRules,
    /// By these members.
    Key(Vec<String>),
    /// By what they are, in any order.
    Bag,
}

/// What may be said behind a type.
const OPTIONS: &str = "key=COLUMN[,COLUMN], bag; of CSV delimiter=CHARACTER, no-header, null=TEXT; of \
                       SQLite table=NAME or, as the last, query=SELECT";

impl Wanted {
    /// Whatever it looks like.
    pub(in super::super) fn auto() -> Self {
        Self::of(ReadAs::Auto)
    }

    pub(super) fn of(read_as: ReadAs) -> Self {
        Self {
            text: read_as.name().to_owned(),
            read_as,
            pairing: Pairing::ByRules,
        }
    }

    /// Whether only files are so.
    pub(in super::super) fn is_file(&self) -> bool {
        self.read_as.is_file()
    }

    /// As it was written.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    /// `FILE`, or `FILE=TYPE[:OPTION…]` from the first `=` on that a type follows.
    pub(in super::super) fn of_file(text: &str) -> Result<(String, Self), String> {
        let signs = || text.match_indices('=').map(|(at, _)| at);
        let names_a_type = |at: &usize| {
            let word = text[at + 1..].split(':').next().unwrap_or_default();
            ReadAs::by_name(word).is_some()
        };
        match signs().find(names_a_type).or_else(|| signs().next()) {
            Some(at) => Ok((text[..at].to_owned(), text[at + 1..].parse()?)),
            None => Ok((text.to_owned(), Self::auto())),
        }
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, options) = match text.split_once(':') {
            Some((name, options)) => (name, Some(options)),
            None => (text, None),
        };
        let Some(mut read_as) = ReadAs::by_name(name) else {
            let names = ReadAs::all().iter().map(ReadAs::name).collect::<Vec<_>>();
            let near = closest(name, names.iter().copied());
            let near = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            return Err(format!(
                "`{name}` is no type{near} The types are {}",
                names.join(", ")
            )
            .replace("type The", "type; the"));
        };
        let mut pairing = Pairing::ByRules;
        let mut rest = options;
        while let Some(options) = rest {
            // A query may hold whatever SQL does.
            let (option, after) = match options.split_once(':') {
                Some(split) if !options.starts_with("query=") => (split.0, Some(split.1)),
                _ => (options, None),
            };
            rest = after;
            let (word, value) = match option.split_once('=') {
                Some((word, value)) => (word, Some(value)),
                None => (option, None),
            };
            match (word, value) {
                _ if read_as == ReadAs::Bytes => {
                    return Err(format!("bytes have no option `{option}`"));
                }
                ("key", Some(columns)) if pairing == Pairing::ByRules => {
                    let columns: Vec<_> = columns
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .collect();
                    if columns.iter().any(String::is_empty) {
                        return Err("a key is written key=COLUMN[,COLUMN]".to_owned());
                    }
                    pairing = Pairing::Key(columns);
                }
                ("bag", None) if pairing == Pairing::ByRules => pairing = Pairing::Bag,
                _ if read_as.set(word, value)? => {}
                _ => {
                    return Err(format!(
                        "`{option}` says nothing about {name}; behind a type may stand {OPTIONS}"
                    ));
                }
            }
        }
        if pairing != Pairing::ByRules && read_as.is_whole_database() {
            return Err(
                "which table is meant? Write table=NAME or query=SELECT beside it; without, all tables \
                 are compared by their primary keys"
                    .to_owned(),
            );
        }
        Ok(Self {
            text: text.to_owned(),
            read_as,
            pairing,
        })
    }
}

#[cfg(test)]
mod tests {
    use cutover_formats::Format;

    use super::*;

    #[test]
    fn a_type_stands_behind_an_equals_sign() {
        let read = |text: &str| {
            let (file, wanted) = Wanted::of_file(text).unwrap();
            (file, wanted.read_as)
        };
        let json = ReadAs::Document(Format::Json);
        assert_eq!(read("out.json"), ("out.json".to_owned(), ReadAs::Auto));
        assert_eq!(read("a=b=bytes"), ("a=b".to_owned(), ReadAs::Bytes));
        assert_eq!(read("a=json:key=id"), ("a".to_owned(), json));
        for (text, said) in [
            (
                "out.json=jsn",
                "`jsn` is no type, did you mean `json`? The types are auto",
            ),
            ("x=q", "`q` is no type; the types are auto"),
            ("x=bytes:bag", "bytes have no option"),
            ("x=json:kay=id", "`kay=id` says nothing about json"),
            ("x=json:key=a,,b", "key=COLUMN"),
            ("x=json:bag:key=a", "`key=a` says nothing"),
        ] {
            let error = Wanted::of_file(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert_eq!(
            Wanted::of_file("x=jsonl:key=a, b").unwrap().1.pairing,
            Pairing::Key(vec!["a".to_owned(), "b".to_owned()])
        );
    }

    #[cfg(feature = "tables")]
    #[test]
    fn tables_have_options_of_their_own() {
        for text in [
            "csv",
            "csv:delimiter=;:no-header:null=NA:key=column_1",
            "tsv:bag",
            "csv:delimiter=colon",
            "sqlite",
            "sqlite:table=a b:bag",
            "sqlite:key=id:query=SELECT 'a:b' AS id",
        ] {
            assert_eq!(text.parse::<Wanted>().unwrap().text(), text);
        }
        for (text, said) in [
            ("parquet:no-header", "says nothing about parquet"),
            ("csv:delimiter=;;", "one ASCII character"),
            ("csv:table=x", "says nothing about csv"),
            ("sqlite:key=id", "which table is meant?"),
        ] {
            let error = text.parse::<Wanted>().unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
