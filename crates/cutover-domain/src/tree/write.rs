//! Writing JSON, at any depth, without recursion.

use super::{Node, Tag, Tree};

impl Tree {
    /// The document as JSON on one line. Numbers come out as they went in.
    ///
    /// `NaN` and infinities, which only values from memory can hold, are written as strings.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.root().to_json()
    }

    /// Appends the document as JSON on one line.
    pub fn write_json(&self, out: &mut String) {
        self.root().write_json(out);
    }
}

impl Node<'_> {
    /// Appends the value as JSON on one line.
    pub fn write_json(self, out: &mut String) {
        let tree = self.tree();
        let (start, end) = (self.index(), tree.end(self.index()));
        // What is open: where it ends and how it is closed.
        let mut open: Vec<(u32, char)> = Vec::new();
        let mut first = true;
        for index in start..end {
            if close(&mut open, index, out) {
                first = false;
            }
            if !std::mem::replace(&mut first, false) {
                out.push(',');
            }
            let raw = tree.nodes[index as usize];
            if index != start
                && let Some(key) = tree.key_text(raw.key)
            {
                write_string(key, out);
                out.push(':');
            }
            match raw.tag {
                Tag::Null => out.push_str("null"),
                Tag::False => out.push_str("false"),
                Tag::True => out.push_str("true"),
                Tag::Integer => out.push_str(&raw.payload.cast_signed().to_string()),
                Tag::Lexeme => write_lexeme(tree.payload_text(raw), out),
                Tag::String => write_string(tree.payload_text(raw), out),
                Tag::Array | Tag::Object => {
                    let (opening, closing) = if raw.tag == Tag::Array {
                        ('[', ']')
                    } else {
                        ('{', '}')
                    };
                    out.push(opening);
                    open.push((raw.halves().1, closing));
                    first = true;
                }
            }
        }
        close(&mut open, end, out);
    }
}

/// Closes what ends here; whether anything did.
fn close(open: &mut Vec<(u32, char)>, reached: u32, out: &mut String) -> bool {
    let before = open.len();
    while let Some((end, closing)) = open.last().copied()
        && end <= reached
    {
        out.push(closing);
        open.pop();
    }
    open.len() < before
}

fn write_lexeme(lexeme: &str, out: &mut String) {
    if lexeme.ends_with(|last: char| last.is_ascii_digit()) {
        out.push_str(lexeme);
    } else {
        write_string(lexeme, out);
    }
}

/// A JSON string with the escapes JSON demands and no others.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => out.push_str(&format!("\\u{byte:04x}")),
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}
