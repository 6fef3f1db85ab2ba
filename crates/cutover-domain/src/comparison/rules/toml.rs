//! Rules as the text of a rules file.

use std::fmt::Write as _;

use super::Rules;
use crate::tree::{Kind, Node, Tree};

impl Rules {
    /// The rules as the TOML text of a rules file, which [`read`](Self::read) and `serde` read back
    /// as the same rules.
    ///
    /// ```
    /// use cutover_domain::comparison::Rules;
    ///
    /// let rules = Rules::new().ignore("$..etag").key("$.items", ["id"]).absolute(1e-9);
    /// assert_eq!(rules.to_toml(), r#"ignore = ["$..etag"]
    ///
    /// [[keys]]
    /// path = "$.items"
    /// by = ["id"]
    ///
    /// [numbers]
    /// absolute = 1e-9
    /// "#);
    /// ```
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Plain members of plain types: nothing in them can fail.
        if let Ok(tree) = Tree::from_serialize(self) {
            table(&mut text, "", tree.root());
        }
        text
    }
}

/// The members of a table: values first, because what follows a header belongs to it.
fn table(text: &mut String, path: &str, members: Node<'_>) {
    for (key, value) in members.entries().filter(|(_, value)| !has_header(*value)) {
        text.push_str(key);
        text.push_str(" = ");
        write_value(text, value);
        text.push('\n');
    }
    for (key, value) in members.entries().filter(|(_, value)| has_header(*value)) {
        let path = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        if value.kind() == Kind::Object {
            // A table of tables alone needs no header of its own.
            if value.entries().any(|(_, value)| !has_header(value)) {
                header(text, &format!("[{path}]"));
            }
            table(text, &path, value);
            continue;
        }
        for item in value.items() {
            header(text, &format!("[[{path}]]"));
            table(text, &path, item);
        }
    }
}

fn header(text: &mut String, header: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(header);
    text.push('\n');
}

/// Whether a value is written under a header: a table, or a list of tables.
fn has_header(value: Node<'_>) -> bool {
    value.kind() == Kind::Object || value.items().next().map(Node::kind) == Some(Kind::Object)
}

/// Lists of more values get a line for each.
const ON_ONE_LINE: usize = 3;

fn write_value(text: &mut String, value: Node<'_>) {
    match value.kind() {
        Kind::String => write_string(text, value.as_str().unwrap_or_default()),
        Kind::Array if value.len() <= ON_ONE_LINE => {
            text.push('[');
            for (at, item) in value.items().enumerate() {
                if at > 0 {
                    text.push_str(", ");
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Kind::Array => {
            text.push_str("[\n");
            for item in value.items() {
                text.push_str("    ");
                write_value(text, item);
                text.push_str(",\n");
            }
            text.push(']');
        }
        _ => match value.number() {
            // TOML's integers end here, and limits beyond are no limits.
            Some(number) if number.is_integer() && number.as_i64().is_none() => {
                text.push_str(&i64::MAX.to_string());
            }
            _ => text.push_str(&value.to_json()),
        },
    }
}

/// A literal string where that spares escapes, as in regular expressions; else a basic one.
fn write_string(text: &mut String, value: &str) {
    let escaped = |character: char| matches!(character, '"' | '\\');
    let control = |character: char| character.is_control();
    if value.contains(escaped) && !value.contains('\'') && !value.contains(control) {
        text.push('\'');
        text.push_str(value);
        text.push('\'');
        return;
    }
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{:04X}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
