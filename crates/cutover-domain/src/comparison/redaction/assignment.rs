//! Values in texts, behind names that speak of a secret: `password=…`, `"token": "…"`,
//! `ENV['API_KEY'] = '…'`, `<password>…</password>`, a block of YAML.
//!
//! By hand, for how such a value ends depends on what stands around its name, and so that a text takes
//! time in proportion to it, however long its lines are.

use std::ops::Range;

use super::extent::{self, Block, Quote};
use super::secrets::{NAMES, Secrecy, is_no_secret, is_number, secrecy};

/// So much of a long name is looked at: its end.
const LONGEST: usize = 80;

/// The values of a text, in order and apart.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = NAMES.find(text, from) {
        let start = from + start_of_name(&text[from..at]);
        let end = at + end_of_name(&text[at..]);
        from = end;
        let Some(name) = Name::new(text, start..end) else {
            continue;
        };
        if let Some(value) = name.value().filter(|value| !value.is_empty()) {
            from = from.max(value.end);
            found.push(value);
        }
    }
    found
}

/// The lines of YAML after this one that a name in it speaks of.
pub(super) fn block_after(line: &str) -> Option<Block> {
    let at = NAMES.find(line, 0)?;
    let range = start_of_name(&line[..at])..at + end_of_name(&line[at..]);
    let name = Name::new(line, range)?;
    let quote = Quote::at(line, name.end);
    let after = quote.map_or(name.end, |quote| name.end + quote.len());
    let behind = line[after..].strip_prefix(':')?;
    let is_block =
        name.place(quote) == Place::Line && name.secrecy != Secrecy::Short && !name.is_header;
    let block = Block::after(behind, name.column(quote))?;
    is_block.then_some(block)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
}

fn start_of_name(before: &str) -> usize {
    before.trim_end_matches(is_of_name).len()
}

fn end_of_name(text: &str) -> usize {
    text.find(|character| !is_of_name(character))
        .unwrap_or(text.len())
}

/// The names of HTTP's headers that have patterns of their own: a scheme stays.
fn is_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is = |end| {
        let before = name.strip_suffix(end);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['-', '.']))
    };
    is("authorization") || is("cookie")
}

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing else in its line.
    Line,
    /// Nothing else in its line, which is within quotes of this kind.
    Quoted(char),
    /// A brace or a comma.
    Flow,
    Other,
}

/// A name that speaks of a secret.
struct Name<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    secrecy: Secrecy,
    is_header: bool,
}

impl<'t> Name<'t> {
    fn new(text: &'t str, mut range: Range<usize>) -> Option<Self> {
        let written = &text[range.clone()];
        // What is left of an escape before it belongs to no name: `\npassword`, `%26token`.
        let escape = match text[..range.start].chars().next_back() {
            Some('\\') if written.starts_with("u00") => 5,
            Some('\\') if written.starts_with(['n', 'r', 't']) => 1,
            Some('%') => written
                .bytes()
                .take_while(u8::is_ascii_hexdigit)
                .take(2)
                .count(),
            _ => 0,
        };
        // The end of what colours it
        let codes = written.len()
            - written
                .trim_start_matches(|code: char| code.is_ascii_digit())
                .len();
        let before =
            text[..range.start].trim_end_matches(|code: char| code.is_ascii_digit() || code == ';');
        let is_coloured = before.ends_with("\u{1b}[") && written[codes..].starts_with('m');
        let escape = if is_coloured { codes + 1 } else { escape };
        range.start += escape.min(written.len());
        let name = range.start.max(range.end.saturating_sub(LONGEST))..range.end;
        let is_header = is_header(&text[name.clone()]);
        let (name, secrecy) = match two_words(text, &name) {
            Some((words, secrecy)) => (words, secrecy),
            None => (range, secrecy(&text[name])?),
        };
        Some(Self {
            text,
            start: name.start,
            end: name.end,
            secrecy,
            is_header,
        })
    }

    /// The value behind it.
    fn value(&self) -> Option<Range<usize>> {
        let Self { text, end, .. } = *self;
        let quote = Quote::at(text, end);
        let after = quote.map_or(end, |quote| end + quote.len());
        if let Some(quote) = quote {
            if let Some(value) = self.second(quote, after) {
                return Some(value);
            }
        } else if let Some(value) = self.element() {
            return Some(value);
        } else if let Some(value) = self.next_line(after) {
            return Some(value);
        }
        // ENV['API_KEY'] = …, user[password]=…
        let is_index = quote.is_some() || text[..self.start].ends_with('[');
        let after = after + usize::from(is_index && text[after..].starts_with(']'));
        let after = extent::skip_colour(text, after);
        let blanks = match quote {
            Some(_) => extent::skip(text, after, char::is_whitespace),
            None => extent::skip(text, after, extent::is_blank),
        };
        let place = self.place(quote);
        let Some(sign) = Sign::at(text, blanks) else {
            let is_table =
                text[after..].starts_with('\t') && place == Place::Line && quote.is_none();
            let is_cell = is_table && self.secrecy == Secrecy::Sure;
            return is_cell.then(|| extent::last_cell(text, blanks)).flatten();
        };
        // What else stands behind a header has a pattern of its own.
        if self.is_header && !text[blanks..].starts_with("=>") && !text[blanks..].starts_with(":=")
        {
            return None;
        }
        let behind = extent::skip_colour(text, blanks + sign.len);
        let is_apart = text[behind..].starts_with([' ', '\t']) && (sign.is_colon || blanks > after);
        let start = match quote {
            Some(_) => extent::skip(text, behind, char::is_whitespace),
            None => extent::skip(text, behind, extent::is_blank),
        };
        if sign.is_colon
            && place == Place::Line
            && let Some(block) = extent::block(text, self.column(quote), start)
        {
            return (self.secrecy != Secrecy::Short).then_some(block);
        }
        let quoted = extent::quoted(text, start).or_else(|| extent::wrapped(text, start));
        let is_told = quote.is_some() || quoted.is_some() || !sign.is_colon;
        let value = match quoted {
            Some(quoted) => quoted,
            None if is_apart && quote.is_none() && place != Place::Other => {
                extent::plain(text, start, place)
            }
            None => extent::word(text, start, sign.is_encoded),
        };
        let is_sentence = !is_told && (place == Place::Other || self.is_sentence(&value));
        if self.secrecy == Secrecy::Short && is_sentence {
            return None;
        }
        self.unless_other(value)
    }

    /// Whether a name and a value behind a colon may be the beginning of a sentence.
    fn is_sentence(&self, value: &Range<usize>) -> bool {
        let name = &self.text[self.start..self.end];
        let value = &self.text[value.clone()];
        let is_capitalized = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.ends_with(|last: char| last.is_ascii_lowercase());
        is_capitalized || value.contains(extent::is_blank) || is_number(value)
    }

    fn unless_other(&self, value: Range<usize>) -> Option<Range<usize>> {
        let written = &self.text[value.clone()];
        let is_count = is_number(written.trim_matches(['[', ']'])) || written.starts_with('{');
        let name = &self.text[self.start..self.end];
        // The working folder of a shell
        let is_folder = name.to_ascii_lowercase().ends_with("pwd") && written.starts_with('/');
        let is_other =
            (self.secrecy == Secrecy::Texts && is_count) || is_folder || is_no_secret(written);
        (!is_other).then_some(value)
    }

    /// The value of a pair of which this is the first: `["Authorization", "…"]`,
    /// `{"name": "password", "value": "…"}`, `<add key="password" value="…"/>`.
    fn second(&self, quote: Quote, after: usize) -> Option<Range<usize>> {
        let text = self.text;
        // The name may have several words.
        let window = text.floor_char_boundary(self.start.saturating_sub(LONGEST));
        let opening = text[window..self.start].rfind(quote.character)? + window;
        let before = text[..opening].trim_end_matches('\\').trim_end();
        if let Some(before) = before.strip_suffix('[') {
            let is_list = before.trim_end().ends_with(['[', ',']);
            let next = extent::skip(text, after, char::is_whitespace);
            if !text[next..].starts_with(',') || !(is_list || self.is_header) {
                return None;
            }
            let next = extent::skip(text, next + 1, char::is_whitespace);
            let value = extent::quoted(text, next)?;
            let end = value.end + Quote::at(text, value.end)?.len();
            let end = extent::skip(text, end, char::is_whitespace);
            return text[end..].starts_with(']').then_some(value);
        }
        let before = before.strip_suffix([':', '='])?.trim_end();
        let before = before.trim_end_matches(['"', '\'', '\\']);
        let is_pair = ["name", "key"].iter().any(|word| {
            let start = before.len().checked_sub(word.len());
            let found = start.and_then(|start| before.get(start..));
            found.is_some_and(|found| found.eq_ignore_ascii_case(word))
        });
        is_pair.then(|| self.value_of_pair(after)).flatten()
    }

    /// What follows the name of a pair: a member or an attribute that is called `value`.
    fn value_of_pair(&self, after: usize) -> Option<Range<usize>> {
        let text = self.text;
        let next = extent::skip(text, after, |character| {
            character == ',' || character.is_whitespace()
        });
        let next = Quote::at(text, next).map_or(next, |quote| next + quote.len());
        let word = text.get(next..next + 5)?;
        if !word.eq_ignore_ascii_case("value") {
            return None;
        }
        let next = next + 5;
        let next = Quote::at(text, next).map_or(next, |quote| next + quote.len());
        let next = extent::skip(text, next, char::is_whitespace);
        let sign = Sign::at(text, next)?;
        let next = extent::skip(text, next + sign.len, char::is_whitespace);
        extent::quoted(text, next).or_else(|| Some(extent::plain(text, next, Place::Line)))
    }

    /// `- name: DB_PASSWORD`, and in the line below it `value: …`
    fn next_line(&self, after: usize) -> Option<Range<usize>> {
        let rest = &self.text[after..];
        if !rest.starts_with(['\r', '\n']) {
            return None;
        }
        let before = self.text[..self.start].trim_end_matches(extent::is_blank);
        let before = before
            .strip_suffix("name:")
            .or(before.strip_suffix("key:"))?;
        let is_alone = before.trim_end_matches([' ', '\t', '-']);
        let is_alone = is_alone.is_empty() || is_alone.ends_with('\n');
        is_alone.then(|| self.value_of_pair(after)).flatten()
    }

    /// The text of an element: `<password>…</password>`, `<key>password</key><string>…`
    fn element(&self) -> Option<Range<usize>> {
        let text = self.text;
        let before = &text[..self.start];
        let before = match before.strip_suffix(':') {
            Some(before) => &before[..start_of_name(before)],
            None => before,
        };
        let after = &text[self.end..];
        let start = if before.ends_with('<') {
            let reach = after.ceil_char_boundary(300.min(after.len()));
            let close = after[..reach].find(['<', '>'])?;
            let is_open = after[close..].starts_with('>') && !after[..close].ends_with('/');
            let is_name = close == 0 || after.starts_with(char::is_whitespace);
            (is_open && is_name).then_some(self.end + close + 1)?
        } else {
            let after = after
                .strip_prefix("</key>")
                .or(after.strip_prefix("</name>"))?;
            let after = after.trim_start();
            let after = after
                .strip_prefix("<string>")
                .or(after.strip_prefix("<value>"))?;
            text.len() - after.len()
        };
        let start = extent::skip(text, start, char::is_whitespace);
        let value = match text[start..].strip_prefix("<![CDATA[") {
            Some(inside) => {
                let start = text.len() - inside.len();
                start..start + inside.find("]]>").unwrap_or(inside.len())
            }
            None => start..start + text[start..].find('<').unwrap_or(text.len() - start),
        };
        self.unless_other(value)
    }

    fn place(&self, quote: Option<Quote>) -> Place {
        let before = &self.text[..self.opening(quote)];
        let before = before.trim_end_matches([' ', '\t', '-', '#', '*', '>']);
        match before.chars().next_back() {
            None | Some('\n' | '\r') => Place::Line,
            Some(quote @ ('"' | '\'' | '`')) => Place::Quoted(quote),
            Some('{' | ',') => Place::Flow,
            // What is left of an escaped end of a line
            Some('n' | 'r') if before[..before.len() - 1].ends_with('\\') => Place::Quoted('"'),
            Some(_) => Place::Other,
        }
    }

    /// Where it begins with its quote.
    fn opening(&self, quote: Option<Quote>) -> usize {
        let before = &self.text[..self.start];
        match quote {
            Some(quote) => before
                .trim_end_matches(quote.character)
                .trim_end_matches('\\')
                .len(),
            None => before.len(),
        }
    }

    fn column(&self, quote: Option<Quote>) -> usize {
        let before = &self.text[..self.opening(quote)];
        before.len() - before.rfind(['\n', '\r']).map_or(0, |at| at + 1)
    }
}

/// A name of two words that say less each by itself: `API Key`, `Session ID`.
fn two_words(text: &str, name: &Range<usize>) -> Option<(Range<usize>, Secrecy)> {
    let is =
        |word: &str, words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
    let blanks = [' ', '\t'];
    let both = if is(&text[name.clone()], &["key"]) {
        let before = text[..name.start].strip_suffix(blanks)?;
        let start = start_of_name(before).max(before.len().saturating_sub(LONGEST));
        start..name.end
    } else {
        let after = text[name.end..].strip_prefix(blanks)?;
        let len = end_of_name(after);
        is(&after[..len], &["id", "string", "code", "header"]).then_some(())?;
        name.start..name.end + 1 + len
    };
    let secrecy = secrecy(&text[both.clone()])?;
    Some((both, secrecy))
}

/// What stands between a name and its value.
struct Sign {
    len: usize,
    is_colon: bool,
    /// It is encoded as in a URL, and so is the value.
    is_encoded: bool,
}

impl Sign {
    fn at(text: &str, at: usize) -> Option<Self> {
        let rest = &text[at..];
        let (len, is_colon, is_encoded) = if let Some(code) = rest.strip_prefix('%') {
            let code = code.trim_start_matches("25");
            let signs = ["3D", "3d", "3A", "3a"];
            let is_sign = signs.iter().any(|sign| code.starts_with(sign));
            (is_sign.then_some(rest.len() - code.len() + 2)?, false, true)
        } else if rest.starts_with(":=") || rest.starts_with("=>") {
            (2, false, false)
        } else if rest.starts_with('=') {
            let len = rest.len() - rest.trim_start_matches('=').len();
            ((len <= 3).then_some(len)?, false, false)
        } else {
            // Neither a path in a program nor a place: `Password::new`, `secret://vault/x`
            let is_other = rest.starts_with("::") || rest.starts_with("://");
            let is_colon = rest.starts_with(':') && !is_other;
            (is_colon.then_some(1)?, true, false)
        };
        Some(Self {
            len,
            is_colon,
            is_encoded,
        })
    }
}
