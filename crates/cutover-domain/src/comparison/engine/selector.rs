//! Paths that choose: the RFC 9535 subset of names, indexes, slices, wildcards and descendants.

use std::fmt;
use std::str::FromStr;

/// A compiled JSONPath: `$.items[*].updated_at`, `$..etag`, `$['odd name'][0,2]`, `$.rows[1:]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::comparison) struct Selector {
    text: String,
    segments: Vec<Segment>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::comparison) struct Segment {
    /// At any depth below, not only directly.
    pub(in crate::comparison) descendant: bool,
    choices: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Choice {
    Name(String),
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Any,
}

/// One step of the path of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::comparison) enum Step {
    Member(String),
    /// An element; some element, where the path does not say which: `[*]`.
    Element(Option<usize>),
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a path: {problem} at character {at}")]
pub(in crate::comparison) struct SelectorError {
    path: String,
    at: usize,
    problem: String,
}

impl Selector {
    pub(in crate::comparison) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The steps of the path of a place, `[*]` in it standing for some element.
    pub(in crate::comparison) fn as_steps(&self) -> Option<Vec<Step>> {
        self.segments.iter().map(Segment::as_step).collect()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    /// Whether it chooses a member of that name.
    pub(in crate::comparison) fn takes_member(&self, name: &str) -> bool {
        self.choices.iter().any(|choice| match choice {
            Choice::Any => true,
            Choice::Name(wanted) => wanted == name,
            Choice::Index(_) | Choice::Slice { .. } => false,
        })
    }

    /// Whether it chooses that element of an array of that length.
    pub(in crate::comparison) fn takes_element(&self, index: usize, len: usize) -> bool {
        let (Ok(index), Ok(len)) = (i64::try_from(index), i64::try_from(len)) else {
            return false;
        };
        self.choices.iter().any(|choice| match choice {
            Choice::Any => true,
            Choice::Name(_) => false,
            Choice::Index(wanted) => *wanted == index || *wanted == index - len,
            Choice::Slice { start, end, step } => in_slice(index, len, *start, *end, *step),
        })
    }

    /// Whether it chooses what a step leads to, or may: the length of the array is not known.
    pub(in crate::comparison) fn may_take(&self, step: &Step) -> bool {
        let from_the_end = |bound: &Option<i64>| bound.is_some_and(|bound| bound < 0);
        match step {
            Step::Member(name) => self.takes_member(name),
            Step::Element(Some(index)) => {
                let unsure = self.choices.iter().any(|choice| match choice {
                    Choice::Index(wanted) => *wanted < 0,
                    Choice::Slice { start, end, step } => {
                        *step < 0 || from_the_end(start) || from_the_end(end)
                    }
                    Choice::Any | Choice::Name(_) => false,
                });
                unsure || self.takes_element(*index, i64::MAX as usize)
            }
            Step::Element(None) => self
                .choices
                .iter()
                .any(|choice| !matches!(choice, Choice::Name(_))),
        }
    }

    /// The name that a member must have, if there is only one.
    pub(in crate::comparison) fn only_name(&self) -> Option<&str> {
        match self.choices.as_slice() {
            [Choice::Name(name)] => Some(name),
            _ => None,
        }
    }

    /// The step to a place, if it is one.
    pub(in crate::comparison) fn as_step(&self) -> Option<Step> {
        match &self.choices[..] {
            _ if self.descendant => None,
            [Choice::Name(name)] => Some(Step::Member(name.clone())),
            [Choice::Index(index)] => {
                let index = usize::try_from(*index).ok()?;
                Some(Step::Element(Some(index)))
            }
            [Choice::Any] => Some(Step::Element(None)),
            _ => None,
        }
    }

    /// Whether the choice depends on an element's place.
    pub(super) fn looks_at_index(&self) -> bool {
        self.choices
            .iter()
            .any(|choice| matches!(choice, Choice::Index(_) | Choice::Slice { .. }))
    }
}

/// Whether a slice holds an index (RFC 9535, 2.3.4.2.2).
fn in_slice(index: i64, len: i64, start: Option<i64>, end: Option<i64>, step: i64) -> bool {
    let normal = |bound: i64| {
        if bound >= 0 {
            bound
        } else {
            len.saturating_add(bound)
        }
    };
    match step {
        1.. => {
            let lower = normal(start.unwrap_or(0)).clamp(0, len);
            let upper = normal(end.unwrap_or(len)).clamp(0, len);
            (lower..upper).contains(&index) && (index - lower) % step == 0
        }
        0 => false,
        _ => {
            let upper = normal(start.unwrap_or(len - 1)).clamp(-1, len - 1);
            let lower = end.map_or(-1, |end| normal(end).clamp(-1, len - 1));
            index > lower && index <= upper && (upper - index) % step.saturating_neg() == 0
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let characters: Vec<char> = text.chars().collect();
        let mut parser = Parser {
            characters: &characters,
            at: 0,
        };
        parser
            .path()
            .map(|segments| Self {
                text: text.to_owned(),
                segments,
            })
            .map_err(|problem| SelectorError {
                path: text.to_owned(),
                at: parser.at + 1,
                problem,
            })
    }
}

struct Parser<'a> {
    characters: &'a [char],
    at: usize,
}

type Parsed<T> = Result<T, String>;

impl Parser<'_> {
    fn path(&mut self) -> Parsed<Vec<Segment>> {
        if !self.take('$') {
            return Err("a path starts with `$`, which is the whole answer".to_owned());
        }
        let mut segments = Vec::new();
        loop {
            self.space();
            if self.at == self.characters.len() {
                return Ok(segments);
            }
            segments.push(self.segment()?);
        }
    }

    fn segment(&mut self) -> Parsed<Segment> {
        if self.take('[') {
            return Ok(Segment {
                descendant: false,
                choices: self.bracketed()?,
            });
        }
        if !self.take('.') {
            return Err("`.name` or `[…]` is expected".to_owned());
        }
        let descendant = self.take('.');
        if descendant && self.take('[') {
            return Ok(Segment {
                descendant,
                choices: self.bracketed()?,
            });
        }
        if self.take('*') {
            return Ok(Segment {
                descendant,
                choices: vec![Choice::Any],
            });
        }
        Ok(Segment {
            descendant,
            choices: vec![Choice::Name(self.shorthand()?)],
        })
    }

    fn shorthand(&mut self) -> Parsed<String> {
        let start = self.at;
        while let Some(character) = self.peek()
            && is_name_character(character, self.at == start)
        {
            self.at += 1;
        }
        if self.at == start {
            return Err("a name or `*` is expected; quote other names: ['odd name']".to_owned());
        }
        if matches!(self.peek(), Some(c) if c != '.' && c != '[' && !c.is_whitespace()) {
            return Err("this character needs quotes: ['odd-name']".to_owned());
        }
        Ok(self.characters[start..self.at].iter().collect())
    }

    fn bracketed(&mut self) -> Parsed<Vec<Choice>> {
        let mut choices = Vec::new();
        loop {
            self.space();
            choices.push(self.choice()?);
            self.space();
            if self.take(']') {
                return Ok(choices);
            }
            if !self.take(',') {
                return Err("`,` or `]` is expected".to_owned());
            }
        }
    }

    fn choice(&mut self) -> Parsed<Choice> {
        match self.peek() {
            Some('*') => {
                self.at += 1;
                Ok(Choice::Any)
            }
            Some(quote @ ('\'' | '"')) => {
                self.at += 1;
                self.quoted(quote).map(Choice::Name)
            }
            Some('?') => Err("filter expressions (`?`) are not supported; \
                 name the path, or use a keyed collection to pair members"
                .to_owned()),
            Some('-' | ':' | '0'..='9') => self.index_or_slice(),
            _ => Err("a quoted name, an index, a slice or `*` is expected".to_owned()),
        }
    }

    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let mut name = String::new();
        loop {
            let Some(character) = self.next() else {
                return Err(format!("the name lacks its closing {quote}"));
            };
            match character {
                c if c == quote => return Ok(name),
                '\\' => name.push(self.escaped(quote)?),
                c => name.push(c),
            }
        }
    }

    fn escaped(&mut self, quote: char) -> Parsed<char> {
        match self.next() {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let first = self.hex4()?;
                let code = if (0xD800..0xDC00).contains(&first) {
                    if !(self.take('\\') && self.take('u')) {
                        return Err("the second half of a surrogate pair is expected".to_owned());
                    }
                    let second = self.hex4()?;
                    0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF)
                } else {
                    first
                };
                char::from_u32(code).ok_or_else(|| "this escape is no character".to_owned())
            }
            Some(c) if c == quote || c == '\\' || c == '/' => Ok(c),
            _ => Err("this escape is not known".to_owned()),
        }
    }

    fn hex4(&mut self) -> Parsed<u32> {
        (0..4).try_fold(0, |code, _| {
            let digit = self.next().and_then(|c| c.to_digit(16));
            digit
                .map(|digit| code * 16 + digit)
                .ok_or_else(|| "four hex digits are expected".into())
        })
    }

    fn index_or_slice(&mut self) -> Parsed<Choice> {
        let start = self.integer()?;
        self.space();
        if !self.take(':') {
            return start
                .map(Choice::Index)
                .ok_or_else(|| "an index is expected".to_owned());
        }
        self.space();
        let end = self.integer()?;
        self.space();
        let step = if self.take(':') {
            self.space();
            self.integer()?.unwrap_or(1)
        } else {
            1
        };
        Ok(Choice::Slice { start, end, step })
    }

    fn integer(&mut self) -> Parsed<Option<i64>> {
        let start = self.at;
        self.take('-');
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        if self.at == start {
            return Ok(None);
        }
        let text: String = self.characters[start..self.at].iter().collect();
        // RFC 9535 bounds indexes to what every reader of JSON can hold exactly.
        match text.parse::<i64>() {
            Ok(value) if value.abs() < 1 << 53 => Ok(Some(value)),
            _ => {
                self.at = start;
                Err(format!("`{text}` is not an index"))
            }
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek();
        self.at += usize::from(character.is_some());
        character
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }
}

/// Whether a character may stand in a name without quotes (RFC 9535, member-name-shorthand).
pub(super) fn is_name_character(character: char, first: bool) -> bool {
    character.is_ascii_alphabetic()
        || character == '_'
        || !character.is_ascii()
        || (!first && character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Selector {
        text.parse().unwrap()
    }

    #[test]
    fn segments_choose_members_and_elements() {
        let path = parse("$.items[*]['odd \\'name\\'', 2, -1]..deep");
        let [items, any, several, deep] = path.segments() else {
            panic!("{path:?}")
        };
        assert!(items.takes_member("items") && !items.takes_member("other"));
        assert!(!items.takes_element(0, 1) && !items.descendant);
        assert!(any.takes_member("x") && any.takes_element(7, 9) && !any.looks_at_index());
        assert!(several.takes_member("odd 'name'") && several.looks_at_index());
        assert!(several.takes_element(2, 9) && several.takes_element(8, 9));
        assert!(!several.takes_element(1, 9));
        assert!(deep.descendant && deep.takes_member("deep"));
        assert!(parse("$").segments().is_empty());
        assert!(parse("$..*").segments()[0].takes_member("é"));
    }

    #[test]
    fn slices_hold_what_the_rfc_says() {
        for (slice, len, held) in [
            ("1:3", 7, vec![1, 2]),
            ("5:", 7, vec![5, 6]),
            (":2", 7, vec![0, 1]),
            ("1:5:2", 7, vec![1, 3]),
            ("5:1:-2", 7, vec![3, 5]),
            ("::-1", 3, vec![0, 1, 2]),
            ("-2:", 7, vec![5, 6]),
            (":-5", 7, vec![0, 1]),
            ("::0", 7, vec![]),
            ("0:100:3", 7, vec![0, 3, 6]),
            ("-100:2", 7, vec![0, 1]),
        ] {
            let path = parse(&format!("$[{slice}]"));
            let found: Vec<_> = (0..len)
                .filter(|i| path.segments()[0].takes_element(*i, len))
                .collect();
            assert_eq!(found, held, "{slice}");
        }
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, problem) in [
            ("items", "a path starts with `$`"),
            ("", "a path starts with `$`"),
            ("$.", "a name or `*` is expected"),
            ("$.a-b", "this character needs quotes"),
            ("$items", "`.name` or `[…]` is expected"),
            ("$[?@.a == 1]", "filter expressions (`?`) are not supported"),
            ("$['a", "the name lacks its closing '"),
            (
                "$[a]",
                "a quoted name, an index, a slice or `*` is expected",
            ),
            ("$[1", "`,` or `]` is expected"),
            ("$[99999999999999999999]", "is not an index"),
            ("$['\\x']", "this escape is not known"),
        ] {
            let error = text.parse::<Selector>().unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains(text), "{error}");
        }
    }
}
