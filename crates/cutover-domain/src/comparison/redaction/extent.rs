//! How far a value in a text goes.

use std::ops::Range;

use super::assignment::Place;
use super::text::stand_in_end;

/// So far ahead is looked for how something ends.
const NEAR: usize = 4_096;

pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// The first place from `at` on where something else stands.
pub(super) fn skip(text: &str, at: usize, is_skipped: impl Fn(char) -> bool) -> usize {
    let rest = &text[at..];
    at + rest
        .find(|character| !is_skipped(character))
        .unwrap_or(rest.len())
}

/// Behind what colours a text on a terminal, if that stands here.
pub(super) fn skip_colour(text: &str, at: usize) -> usize {
    let Some(rest) = text[at..].strip_prefix("\u{1b}[") else {
        return at;
    };
    let codes = rest.trim_start_matches(|code: char| code.is_ascii_digit() || code == ';');
    codes
        .strip_prefix('m')
        .map_or(at, |after| text.len() - after.len())
}

/// A quotation mark as it is written: within other texts it is escaped, or doubled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) character: char,
    slashes: usize,
    is_doubled: bool,
}

impl Quote {
    pub(super) fn at(text: &str, at: usize) -> Option<Self> {
        let rest = &text[at..];
        let slashes = rest
            .bytes()
            .take(16)
            .take_while(|byte| *byte == b'\\')
            .count();
        let rest = &rest[slashes..];
        let character = rest
            .chars()
            .next()
            .filter(|first| matches!(first, '"' | '\'' | '`'))?;
        // JSON in CSV: {""a"":""b""}
        let is_doubled = slashes == 0 && rest[1..].starts_with('"') && character == '"';
        Some(Self {
            character,
            slashes,
            is_doubled,
        })
    }

    pub(super) fn len(self) -> usize {
        self.slashes + 1 + usize::from(self.is_doubled)
    }
}

/// What is in quotes that begin here, without them. A text that was cut off ends with its line.
pub(super) fn quoted(text: &str, at: usize) -> Option<Range<usize>> {
    // b"…", f"…", @"…"
    let is_prefix = text[at..].starts_with(['b', 'B', 'r', 'R', 'f', 'F', 'u', 'U', 'L', '@', '$']);
    let at = at + usize::from(is_prefix && text[at + 1..].starts_with(['"', '\'']));
    let quote = Quote::at(text, at)?;
    let start = at + quote.len();
    let is_inside = |character: char| !character.is_whitespace() && !",;:}])".contains(character);
    if quote.is_doubled && !text[start..].starts_with(is_inside) {
        return Some(start..start);
    }
    let cut_off = |end| {
        let is_word = text[start..].starts_with(|first: char| !first.is_whitespace());
        Some(start..if is_word { end } else { start })
    };
    let mut slashes = 0;
    for (offset, character) in text[start..].char_indices() {
        let here = start + offset;
        if matches!(character, '\r' | '\n') {
            return cut_off(here);
        }
        if character == quote.character {
            let is_end = if quote.is_doubled {
                text[here + 1..].starts_with(quote.character)
            } else {
                // Each level of quoting doubles the slashes before it and adds one.
                slashes < quote.slashes || slashes % (2 * (quote.slashes + 1)) == quote.slashes
            };
            if is_end {
                return Some(start..here - slashes.min(quote.slashes));
            }
        }
        slashes = if character == '\\' { slashes + 1 } else { 0 };
    }
    cut_off(text.len())
}

/// What is in quotes in a call: `Some("…")`.
pub(super) fn wrapped(text: &str, at: usize) -> Option<Range<usize>> {
    let is_of_path =
        |character: char| character.is_ascii_alphanumeric() || "_:.".contains(character);
    let bracket = skip(text, at, is_of_path);
    let is_call = bracket > at && text[bracket..].starts_with('(');
    is_call.then(|| quoted(text, bracket + 1)).flatten()
}

/// One word: up to a blank, a quote, a closing bracket, or a sign that another pair follows.
pub(super) fn word(text: &str, at: usize, is_encoded: bool) -> Range<usize> {
    let start = at;
    let mut at = bracketed(text, at);
    if is_empty(&text[start..at]) {
        return start..start;
    }
    while let Some(character) = text[at..].chars().next() {
        if let Some(end) = stand_in_end(text, at) {
            at = end;
            continue;
        }
        let rest = &text[at..];
        let ends = match character {
            '"' | '\'' | '`' | '}' | ']' => true,
            '&' if rest.starts_with("&amp;") => true,
            // Server=…;Password=…;Initial Catalog=…
            ';' => ends_before(rest, 1, true),
            ',' | '&' => ends_before(rest, 1, false),
            '\\' if rest[1..].starts_with(['n', 'r', 't']) => ends_before(rest, 2, false),
            '\\' if rest.starts_with("\\u0026") => true,
            '\\' => Quote::at(text, at).is_some(),
            '%' => is_encoded && rest[1..].trim_start_matches("25").starts_with("26"),
            other => other.is_whitespace(),
        };
        if ends {
            break;
        }
        at += character.len_utf8();
    }
    start..at
}

/// Whether something new begins behind a sign of so many bytes.
fn ends_before(rest: &str, len: usize, with_blanks: bool) -> bool {
    let rest = &rest[len..];
    let is_end = |character: char| character.is_whitespace() || "\"'`}]\\".contains(character);
    rest.is_empty() || rest.starts_with(is_end) || begins_pair(rest, with_blanks)
}

/// Whether a text begins with a name and a sign.
fn begins_pair(text: &str, with_blanks: bool) -> bool {
    const LONGEST: usize = 80;
    let is_of_name = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"_.-".contains(&byte) || (with_blanks && byte == b' ')
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < LONGEST {
        at = match bytes.get(at) {
            Some(b'=' | b':') => return at > 0,
            Some(byte) if at == 0 && !byte.is_ascii_alphabetic() && !b"_[".contains(byte) => break,
            Some(byte) if is_of_name(*byte) => at + 1,
            // A name may have been taken for a secret itself.
            Some(b'[') => match stand_in_end(text, at) {
                Some(end) => end,
                None => break,
            },
            _ => break,
        };
    }
    false
}

/// Whether there is nothing in brackets.
fn is_empty(brackets: &str) -> bool {
    matches!(brackets, "[]" | "{}")
}

/// From an opening bracket to behind the one that closes it, or to the end of the line; from anything
/// else nowhere.
fn bracketed(text: &str, at: usize) -> usize {
    if !text[at..].starts_with(['[', '{']) || stand_in_end(text, at).is_some() {
        return at;
    }
    let mut depth = 0_u32;
    let mut within = None;
    let mut is_escaped = false;
    for (offset, character) in text[at..].char_indices().take(NEAR) {
        match (within, character) {
            _ if is_escaped => is_escaped = false,
            (_, '\\') => is_escaped = true,
            (Some(quote), character) if quote == character => within = None,
            (Some(_), _) => {}
            (None, '"') => within = Some('"'),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 {
            return at + offset + 1;
        }
    }
    line_end(text, at)
}

/// A value that may have several words, alone in its line or in a list of others: up to the end of
/// the line, or to the name of the next one.
pub(super) fn plain(text: &str, at: usize, place: Place) -> Range<usize> {
    let start = at;
    let at = bracketed(text, at);
    if is_empty(&text[start..at]) {
        return start..start;
    }
    let line = &text[at..line_end(text, at)];
    let limit = match place {
        Place::Line | Place::Other => line.len(),
        Place::Flow => line.find([',', '}']).unwrap_or(line.len()),
        Place::Quoted(quote) => {
            let is_end = |(at, character): &(usize, char)| {
                let rest = &line[*at..];
                *character == quote || rest.starts_with("\\n") || rest.starts_with("\\r")
            };
            let end = line.char_indices().find(is_end);
            end.map_or(line.len(), |(at, _)| {
                line[..at].trim_end_matches('\\').len()
            })
        }
    };
    let line = &line[..limit];
    let mut end = line.len();
    let mut before = None;
    for (place, character) in line.char_indices() {
        let begins = before.is_some_and(is_blank) && !is_blank(character);
        if begins && begins_pair(&line[place..], false) {
            end = place;
            break;
        }
        before = Some(character);
    }
    let kept = line[..end].trim_end().trim_end_matches([',', ';']);
    start..at + kept.len()
}

/// The last cell of a line of a table.
pub(super) fn last_cell(text: &str, at: usize) -> Option<Range<usize>> {
    let end = line_end(text, at);
    (!text[at..end].contains('\t')).then_some(at..end)
}

/// The lines that belong to a name of YAML at this column, where its own line has nothing more than
/// `>` or `|`.
pub(super) fn block(text: &str, column: usize, at: usize) -> Option<Range<usize>> {
    let end = line_end(text, at);
    let mode = Block::after(&text[at..end], column)?;
    let is_break = |character| matches!(character, '\r' | '\n');
    let first = skip(text, end, is_break);
    if !mode.is_text && text[end..first].matches('\n').count() > 1 {
        return Some(end..end);
    }
    let mut found: Option<Range<usize>> = None;
    let mut at = first;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        if !mode.has(line) {
            break;
        }
        if !line.trim().is_empty() {
            let start = at + line.len() - line.trim_start().len();
            found = Some(found.map_or(start, |found| found.start)..at + line.trim_end().len());
        }
        at = skip(text, end, is_break);
    }
    // Nothing there is no secret either, and what stands in the line is none.
    Some(found.unwrap_or(at..at))
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\r', '\n'])
        .map_or(text.len(), |end| at + end)
}

/// The lines of YAML that follow a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    column: usize,
    /// Whether `>` or `|` says that they are a text.
    is_text: bool,
}

impl Block {
    /// Those behind a line that ends like this.
    pub(super) fn after(rest: &str, column: usize) -> Option<Self> {
        let rest = rest.split(" #").next().unwrap_or_default().trim();
        let indicators = rest.strip_prefix(['>', '|']);
        let is_text = indicators.is_some_and(|more| {
            more.len() <= 2
                && more
                    .bytes()
                    .all(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9'))
        });
        (rest.is_empty() || is_text).then_some(Self { column, is_text })
    }

    /// Whether a line is one of them.
    pub(super) fn has(self, line: &str) -> bool {
        let inside = line.trim_start_matches(is_blank);
        if inside.is_empty() {
            return self.is_text;
        }
        let is_deeper = line.len() - inside.len() > self.column;
        let item = inside.trim_start_matches("- ");
        let is_member = begins_pair(item, false)
            || item.contains("\":")
            || item.contains("':")
            || item.starts_with(['{', '<', '#']);
        is_deeper && (self.is_text || !is_member)
    }
}

/// One word of a command line.
pub(super) fn argument(text: &str, at: usize) -> Range<usize> {
    let mut end = at;
    while let Some(character) = text[end..].chars().next() {
        if let Some(behind) = stand_in_end(text, end) {
            end = behind;
        } else if character.is_whitespace() || Quote::at(text, end).is_some() {
            break;
        } else {
            end += character.len_utf8();
        }
    }
    at..end
}
