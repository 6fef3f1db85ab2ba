//! What must not be kept for what stands beside it: lines of a private key, the value of a pair, the
//! argument after an option.

use std::ops::Range;

use super::assignment::block_after;
use super::command::{self, Before, is_user_with_password};
use super::extent::Block;
use super::secrets::is_secret_name;
use super::{Compiled, RedactAction};
use crate::tree::{Kind, NO_KEY, Node, Tree};

/// Of a private key without an end so many lines are taken: the longest that are used have some
/// 200.
const KEY_LINES: u32 = 1_000;

/// So many bytes before `PRIVATE KEY` are looked at for how its line begins.
const LABEL: usize = 80;

/// The first or the last line of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    First,
    Last,
}

/// Follows a text that is kept line by line, or a command line that is kept word by word, into what
/// belongs to a secret and out of it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// So many lines more may belong to a key that has begun.
    left: u32,
    /// The same of a key of PuTTY.
    putty_left: u32,
    /// What the line before is.
    before: Option<Before>,
    /// The words before, if they may be a command.
    command: String,
    /// What a name of YAML speaks of.
    block: Option<Block>,
    /// Whether the line before was the name of a pair: `- name: DB_PASSWORD`.
    is_named: bool,
    /// Whether the lines are those of a machine in a netrc file.
    is_machine: bool,
}

impl Lines {
    /// Whether the next line is what an option before it speaks of, or belongs to a key or a block that
    /// began before it, as a whole. The line that ends a key does not: what stands before that end is
    /// for the patterns.
    pub(super) fn takes(&mut self, line: &str) -> bool {
        let is_inside = self.left > 0;
        let edge = last_edge(line);
        self.left = match edge {
            Some(Edge::First) => KEY_LINES,
            Some(Edge::Last) => 0,
            None => self.left.saturating_sub(1),
        };
        let is_of_key = is_inside && edge != Some(Edge::Last);
        let is_argument = self.is_argument(line);
        let is_of_file = self.is_of_file(line);
        is_of_key || is_argument || is_of_file
    }

    /// Whether a word has a secret for the words before it.
    fn is_argument(&mut self, line: &str) -> bool {
        let is_word = line.len() <= 80 && !line.contains(char::is_whitespace);
        let (next, has_secret) = if is_word {
            let before = Before::of(line, &self.command);
            let has_secret = command::has_secret(line, &self.command);
            self.command.push_str(line);
            self.command.push(' ');
            if self.command.len() > 300 {
                self.command.clear();
            }
            (
                before.or(is_header(line).then_some(Before::Secret)),
                has_secret,
            )
        } else {
            self.command.clear();
            (None, false)
        };
        match std::mem::replace(&mut self.before, next) {
            Some(Before::Secret) => !line.starts_with('-'),
            Some(Before::User) => is_user_with_password(line),
            None => has_secret,
        }
    }

    /// Whether a line of YAML, of a netrc file or of a key of PuTTY is a secret for the lines before it.
    fn is_of_file(&mut self, line: &str) -> bool {
        self.putty_left = match line {
            _ if line.contains("Private-MAC:") || line.contains("Private-Hash:") => 0,
            _ => self.putty_left.saturating_sub(1),
        };
        let is_of_key = self.putty_left > 0;
        if line.contains("Private-Lines:") {
            self.putty_left = KEY_LINES + 1;
        }
        self.block = self.block.filter(|block| block.has(line));
        let is_of_block = self.block.is_some() && !line.trim().is_empty();
        if self.block.is_none() {
            self.block = block_after(line);
        }
        let inside = line.trim_start();
        let (word, rest) = inside.split_once([' ', '\t']).unwrap_or((inside, ""));
        self.is_machine = match word {
            "machine" => !rest.is_empty(),
            "login" | "user" | "account" | "password" => self.is_machine,
            _ => false,
        };
        let is_of_machine = self.is_machine && word == "password" && !rest.trim().is_empty();
        let name = inside.trim_start_matches("- ");
        let name = name.strip_prefix("name:").or(name.strip_prefix("key:"));
        let is_named =
            name.is_some_and(|name| is_secret_name(name.trim().trim_matches(['"', '\''])));
        let is_of_name = std::mem::replace(&mut self.is_named, is_named);
        is_of_key || is_of_block || is_of_machine || (is_of_name && inside.starts_with("value:"))
    }

    /// Something that is no line.
    pub(super) fn leave(&mut self) {
        *self = Self::default();
    }
}

/// Whether a word is the name of a header of HTTP and nothing else: the next one is its value.
fn is_header(word: &str) -> bool {
    let headers = [
        "authorization",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-auth-token",
    ];
    headers
        .iter()
        .any(|header| word.eq_ignore_ascii_case(header))
}

/// The last edge of a private key in a line, whatever stands around it.
fn last_edge(line: &str) -> Option<Edge> {
    const WORDS: &str = "PRIVATE KEY";
    let words = line.match_indices(WORDS);
    let edges = words.filter_map(|(at, _)| edge(&line[..at], &line[at + WORDS.len()..]));
    edges.last()
}

/// What `PRIVATE KEY` between two texts is: `-----BEGIN RSA ` and `-----`.
fn edge(before: &str, after: &str) -> Option<Edge> {
    let after = after.strip_prefix(" BLOCK").unwrap_or(after);
    if !after.trim_start_matches(' ').starts_with("----") {
        return None;
    }
    let start = before.ceil_char_boundary(before.len().saturating_sub(LABEL));
    let (_, label) = before[start..].rsplit_once("----")?;
    let label = label.trim_start_matches(['-', ' ']);
    let (word, of) = label.split_once(' ')?;
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ';
    match word {
        _ if !of.bytes().all(is_plain) => None,
        "BEGIN" => Some(Edge::First),
        "END" => Some(Edge::Last),
        _ => None,
    }
}

/// Whether an object is a pair whose value is a secret, by its name, or because it says so:
/// `{"name": "Authorization", "value": …}`, `{"value": …, "sensitive": true}`.
pub(super) fn names_a_secret(object: Node<'_>) -> bool {
    let is_name = |member: &str| ["name", "key"].iter().any(|name| alike(name, member));
    object.entries().any(|(member, value)| {
        let names = is_name(member) && value.as_str().is_some_and(is_secret_name);
        names || (alike("sensitive", member) && value.as_bool() == Some(true))
    })
}

/// Whether an element of an array is an array of a name and a value, and the value is a secret by
/// its name: `["Authorization", …]`. One that is no element may be a list of names.
pub(super) fn names_its_second(array: Node<'_>) -> bool {
    let is_element = array.raw().key == NO_KEY && array.index() > 0;
    let name = array.items().next().and_then(Node::as_str);
    is_element && array.len() == 2 && name.is_some_and(is_secret_name)
}

/// Whether a member is the value of a pair.
pub(super) fn is_value(member: &str) -> bool {
    alike("value", member)
}

fn alike(name: &str, member: &str) -> bool {
    name.eq_ignore_ascii_case(member)
}

/// The values of a document that must not be kept for what stands beside them.
#[derive(Clone, Debug, Default)]
pub(in crate::comparison) struct Surrounded {
    action: Option<RedactAction>,
    /// By their numbers in the tree, in order and apart.
    values: Vec<Range<u32>>,
}

impl Surrounded {
    /// What becomes of a value, if it is one of them or inside one.
    pub(super) fn action(&self, node: Node<'_>) -> Option<RedactAction> {
        let index = node.index();
        let next = self.values.partition_point(|range| range.start <= index);
        let before = self.values[..next].last();
        let is_inside = before.is_some_and(|range| range.contains(&index));
        self.action.filter(|_| is_inside)
    }
}

impl Compiled {
    /// Looks through a whole document, once for all its values.
    pub(super) fn surrounded(&self, tree: &Tree) -> Surrounded {
        if self.secret_names.is_none() {
            return Surrounded::default();
        }
        let mut found = Vec::new();
        let mut lines = Lines::default();
        for index in 0..tree.node_count() as u32 {
            let node = Node::new(tree, index);
            match node.as_str() {
                // A member is no line.
                Some(line) if node.raw().key == NO_KEY => {
                    if lines.takes(line) {
                        found.push(index..index + 1);
                    }
                }
                _ => lines.leave(),
            }
            if node.kind() == Kind::Object && names_a_secret(node) {
                let values = node.entries().filter(|(member, _)| is_value(member));
                found.extend(values.map(|(_, value)| value.index()..tree.end(value.index())));
            }
            if node.kind() == Kind::Array && names_its_second(node) {
                let second = node.items().nth(1);
                found.extend(second.map(|value| value.index()..tree.end(value.index())));
            }
        }
        found.sort_by_key(|range| range.start);
        let mut values: Vec<Range<u32>> = Vec::new();
        for range in found {
            match values.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => values.push(range),
            }
        }
        Surrounded {
            action: self.secret_names,
            values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{REDACTED, RedactionRules, Rules};

    #[test]
    fn an_edge_is_known_whatever_stands_around_it() {
        for (line, expected) in [
            ("-----BEGIN PRIVATE KEY-----", Some(Edge::First)),
            (r#"KEY="-----BEGIN RSA PRIVATE KEY-----"#, Some(Edge::First)),
            ("key: -----BEGIN EC PRIVATE KEY-----", Some(Edge::First)),
            ("12:00 INFO -----END PRIVATE KEY-----\",", Some(Edge::Last)),
            ("-----END PGP PRIVATE KEY BLOCK-----\\n", Some(Edge::Last)),
            (
                "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
                Some(Edge::First),
            ),
            (
                "é-----END PRIVATE KEY----------BEGIN PRIVATE KEY-----MII",
                Some(Edge::First),
            ),
            (
                r"-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n",
                Some(Edge::Last),
            ),
            ("-----BEGIN PUBLIC KEY-----", None),
            ("-----BEGIN CERTIFICATE-----", None),
            ("how to BEGIN A PRIVATE KEY", None),
            ("-----BEGIN the PRIVATE KEY-----", None),
            ("-----BEGINNING PRIVATE KEY-----", None),
            ("PRIVATE KEY-----", None),
            ("", None),
        ] {
            assert_eq!(last_edge(line), expected, "{line}");
        }
    }

    #[test]
    fn a_key_without_an_end_takes_a_thousand_lines_and_no_more() {
        let mut lines = Lines::default();
        assert!(!lines.takes("-----BEGIN PRIVATE KEY-----"));
        let taken = (0..5_000).filter(|_| lines.takes("MIIE"));
        assert_eq!(taken.count(), KEY_LINES as usize);
    }

    /// The lines of a text as they are kept, and as differences from lines that part everywhere.
    fn kept_lines(lines: &[&str]) -> [Vec<String>; 2] {
        let tree = |lines: &[&str]| Tree::from_serialize(lines).unwrap();
        let redaction = RedactionRules::new().secrets().build().unwrap();
        let old = tree(lines);
        let texts = |tree: &Tree| -> Vec<String> {
            let items = tree.root().items();
            items
                .map(|line| line.as_str().unwrap().to_owned())
                .collect()
        };
        let whole = texts(&redaction.tree(&old).tree);

        let others: Vec<String> = (0..lines.len()).map(|at| format!("other {at}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let rules = Rules::new().redact(RedactionRules::new().secrets());
        let comparison = rules.build().unwrap().compare(&old, &tree(&others));
        let olds = comparison
            .differences
            .iter()
            .filter_map(|found| found.old.as_ref());
        let olds = olds.map(|old| old.root().as_str().unwrap().to_owned());
        [whole, olds.collect()]
    }

    #[test]
    fn a_private_key_in_a_text_of_lines_is_hidden_whatever_stands_around_it() {
        for (begin, body, end, ends) in [
            (
                "-----BEGIN RSA PRIVATE KEY-----",
                "MIIE",
                "-----END RSA PRIVATE KEY-----",
                ["[redacted]", "[redacted]"],
            ),
            (
                r#"PRIVATE_KEY="-----BEGIN RSA PRIVATE KEY-----"#,
                "MIIE",
                r#"-----END RSA PRIVATE KEY-----""#,
                [r#"PRIVATE_KEY="[redacted]"#, r#"[redacted]""#],
            ),
            (
                "key: -----BEGIN PRIVATE KEY-----",
                "  MIIE",
                "  -----END PRIVATE KEY-----",
                ["key: [redacted]", "[redacted]"],
            ),
            (
                r#"1,"-----BEGIN EC PRIVATE KEY-----"#,
                "MIIE",
                r#"-----END EC PRIVATE KEY-----",2"#,
                [r#"1,"[redacted]"#, r#"[redacted]",2"#],
            ),
            (
                "12:00 -----BEGIN PRIVATE KEY-----",
                "12:00 MIIE",
                "12:00 -----END PRIVATE KEY-----",
                ["12:00 [redacted]", "[redacted]"],
            ),
            (
                r#""-----BEGIN PRIVATE KEY-----\n","#,
                r#""MIIE\n","#,
                r#""-----END PRIVATE KEY-----\n","#,
                [r#""[redacted]"#, r#"[redacted]\n","#],
            ),
        ] {
            let text = ["a", begin, body, body, end, "b"];
            let [first, last] = ends;
            let hidden = ["a", first, REDACTED, REDACTED, last, "b"];
            for kept in kept_lines(&text) {
                assert_eq!(kept, hidden, "{begin}");
            }
        }
    }

    #[test]
    fn the_word_after_an_option_is_hidden() {
        let words = [
            "run",
            "-u",
            "me:p 1",
            "--token",
            "t-1",
            "-db_password",
            "p",
            "--max-tokens",
            "5",
        ];
        let more = [
            "--secret",
            "--quiet",
            "--password-file",
            "f",
            "-u",
            "7:8",
            "-u",
            "me",
            "end",
        ];
        let hidden = [
            "run",
            "-u",
            REDACTED,
            "--token",
            REDACTED,
            "-db_password",
            REDACTED,
            "--max-tokens",
            "5",
        ];
        for kept in kept_lines(&[&words[..], &more].concat()) {
            assert_eq!(kept, [&hidden[..], &more].concat());
        }
    }

    #[test]
    fn the_value_of_a_pair_is_known_by_its_name() {
        let redaction = RedactionRules::new().secrets().build().unwrap();
        let tree = |json: &str| Tree::from_json(json).unwrap();
        let headers = |secret: &str| {
            tree(&format!(
                r#"{{"headers":[{{"name":"Authorization","value":"{secret}"}},
                    {{"Value":{{"a":["{secret}"]}},"Key":"db_password"}},
                    {{"name":"Accept","value":"{secret}"}},
                    {{"name":"token","other":"{secret}"}}]}}"#
            ))
        };
        let (old, new) = (headers("s-1"), headers("s-2"));
        assert_eq!(
            redaction.tree(&old).tree.to_json(),
            concat!(
                r#"{"headers":[{"name":"Authorization","value":"[redacted]"},"#,
                r#"{"Value":"[redacted]","Key":"db_password"},"#,
                r#"{"name":"Accept","value":"s-1"},{"name":"token","other":"s-1"}]}"#
            )
        );
        let rules = Rules::new().redact(RedactionRules::new().secrets());
        let comparison = rules.build().unwrap().compare(&old, &new);
        let lines = comparison.differences.iter().map(ToString::to_string);
        assert_eq!(
            lines.collect::<Vec<_>>(),
            [
                r#"$.headers[0].value: value "[redacted]" → "[redacted]""#,
                r#"$.headers[1].Value.a[0]: value "[redacted]" → "[redacted]""#,
                r#"$.headers[2].value: value "s-1" → "s-2""#,
                r#"$.headers[3].other: value "s-1" → "s-2""#,
            ]
        );
    }

    #[test]
    fn what_only_stands_near_a_private_key_stays() {
        let redaction = RedactionRules::new().secrets().build().unwrap();
        for json in [
            // Members are no lines.
            r#"{"key":"a -----BEGIN PRIVATE KEY----- MIIE","name":"b"}"#,
            r#"["-----BEGIN PRIVATE KEY-----",1,"b"]"#,
            r#"["-----BEGIN PRIVATE KEY-----","x","-----END PRIVATE KEY-----","b"]"#,
            r#"["-----BEGIN PUBLIC KEY-----","b"]"#,
        ] {
            let kept = redaction
                .tree(&Tree::from_json(json).unwrap())
                .tree
                .to_json();
            assert!(kept.contains(r#""b""#), "{kept}");
        }
    }
}
