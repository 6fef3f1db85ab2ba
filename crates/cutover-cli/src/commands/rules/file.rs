//! Reading a rules file.

use std::path::Path;

use cutover_domain::comparison::{Rules, RulesError};
use cutover_formats::{Document, Format};
use toml::de::{DeTable, DeValue};

use crate::exit::Failure;

/// The rules in a file: TOML, or another format by its name.
pub(super) fn read(file: &Path) -> Result<Rules, Failure> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::io(format_args!("read the rules in {name}"), &error))?;
    let mut document = Document::new(&bytes).named(&name);
    let is_toml = !matches!(
        file.extension().and_then(|extension| extension.to_str()),
        Some("json" | "yaml" | "yml")
    );
    if is_toml {
        document = document.format(Format::Toml);
    }
    let tree = document
        .read()
        .map_err(|error| Failure::usage(format_args!("cannot read the rules: {error}")))?;
    Rules::read(&tree).map_err(|error| {
        let text = String::from_utf8_lossy(&bytes);
        let lines = if is_toml { Some(&*text) } else { None };
        Failure::usage(format_args!(
            "the rules in {name} cannot be used:\n{}",
            problems(error, lines)
        ))
        .hint("all entries are listed in docs/comparison.md")
    })
}

/// One line a problem, with the line of the file it is in, in their order.
fn problems(error: RulesError, toml: Option<&str>) -> String {
    let table = toml.and_then(|text| DeTable::parse(text).ok());
    let mut lines: Vec<(Option<usize>, String)> = error
        .problems
        .into_iter()
        .map(|problem| {
            let line = table.as_ref().zip(toml).zip(problem.entry.as_deref());
            let line = line.and_then(|((table, text), entry)| {
                let offset = offset_of(table.get_ref(), entry)?;
                Some(text.get(..offset)?.matches('\n').count() + 1)
            });
            (line, problem.message)
        })
        .collect();
    lines.sort_by_key(|(line, _)| *line);
    let lines = lines.into_iter().map(|(line, message)| match line {
        Some(line) => format!("  line {line}: {message}"),
        None => format!("  {message}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where an entry like `keys[0].by` begins in the text.
fn offset_of(table: &DeTable<'_>, entry: &str) -> Option<usize> {
    let mut offset = None;
    let mut at = None::<&DeValue<'_>>;
    for step in entry.split(['.', '[']) {
        let value = match (at, step.strip_suffix(']')) {
            (Some(DeValue::Array(items)), Some(index)) => {
                let item = items.get(index.parse::<usize>().ok()?)?;
                offset = Some(item.span().start);
                item
            }
            (None | Some(DeValue::Table(_)), None) => {
                let members = at.map_or(table, |at| at.as_table().unwrap_or(table));
                let (key, value) = members.iter().find(|(key, _)| key.get_ref() == step)?;
                offset = Some(key.span().start);
                value
            }
            _ => return offset,
        };
        at = Some(value.get_ref());
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn read_as(name: &str, text: &str) -> Result<Rules, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        read(&file)
    }

    #[test]
    fn the_format_is_told_by_the_name() {
        let expected = Rules::new().ignore("$.a").unordered("$.tags");
        let toml = "ignore = [\"$.a\"]\nunordered = [\"$.tags\"]\n";
        let json = r#"{"ignore": ["$.a"], "unordered": ["$.tags"]}"#;
        let yaml = "ignore: [$.a]\nunordered:\n  - $.tags\n";
        for (name, text) in [
            ("rules.toml", toml),
            ("rules", toml),
            ("rules.json", json),
            ("rules.yaml", yaml),
        ] {
            assert_eq!(read_as(name, text).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn all_problems_are_told_with_their_lines() {
        let text = r#"# What is noise.
ignored = []
ignore = [
    "$.a",
    "b",
]

[[keys]]
path = "$.items"
by = ["id"]

[[keys]]
path = "$.items"
bye = ["id"]

[numbers]
absolute = -1
"#;
        let error = read_as("rules.toml", text).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let text = error.to_string();
        let lines: Vec<_> = text.lines().skip(1).map(str::trim).collect();
        assert_eq!(lines.len(), 4, "{text}");
        for (line, start) in lines.iter().zip([
            "line 2: there is no entry `ignored`; did you mean `ignore`?",
            "line 5: ignore: `b` is not a path",
            "line 14: there is no entry `bye`; did you mean `by`?",
            "line 17: absolute -1.0: a tolerance",
        ]) {
            assert!(line.starts_with(start), "{line}");
        }
        let error = read_as("rules.json", r#"{"ignored": []}"#).unwrap_err();
        assert!(
            error.to_string().contains("did you mean `ignore`?"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_such_file_is_told_with_its_place() {
        for (name, text) in [
            ("rules.toml", "ignore = [\n"),
            ("rules.json", "{\"ignore\": [\n"),
        ] {
            let error = read_as(name, text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            assert!(error.to_string().contains(&format!("{name}:")), "{error}");
        }
        let missing = read(Path::new("nowhere.toml")).unwrap_err();
        assert_eq!(missing.exit(), Exit::Trouble);
    }
}
