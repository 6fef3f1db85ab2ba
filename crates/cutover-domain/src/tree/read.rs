//! Reading JSON (RFC 8259) without loss, without recursion, with positions.

use super::{JsonError, JsonErrorKind, Position, Tree, TreeBuilder};

/// What a reader refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// Containers inside containers.
    pub depth: usize,
}

impl Default for JsonLimits {
    /// 100,000 levels: nothing here recurses, so depth costs only memory.
    fn default() -> Self {
        Self { depth: 100_000 }
    }
}

impl Tree {
    /// Reads one JSON document.
    ///
    /// ```
    /// use cutover_domain::tree::Tree;
    ///
    /// let error = Tree::from_json("{\n  \"a\": 1,\n  \"a\": 2\n}").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 3, column 3: the key `a` stands twice in one object, first at line 2, column 3; \
    ///      remove or rename one"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`JsonError`] with the place and what to do about it. Duplicate keys are refused, because
    /// readers disagree on which one counts.
    pub fn from_json(text: &str) -> Result<Self, JsonError> {
        Self::from_json_within(text, JsonLimits::default())
    }

    /// Reads one JSON document within other limits.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json).
    pub fn from_json_within(text: &str, limits: JsonLimits) -> Result<Self, JsonError> {
        // A value takes sixteen bytes or so with its key; strings are a good half of a text.
        let mut builder = TreeBuilder::with_capacity(text.len() / 16 + 1, text.len() / 2);
        builder.json(text, limits)?;
        builder.finish().map_err(|error| JsonError {
            at: Position::of(text, text.len()),
            kind: JsonErrorKind::TooLarge(error),
        })
    }
}

impl TreeBuilder {
    /// Adds the value of a JSON text.
    ///
    /// # Errors
    ///
    /// As [`Tree::from_json`]. After an error the builder holds half a value and is of no use.
    pub fn json(&mut self, text: &str, limits: JsonLimits) -> Result<(), JsonError> {
        let reader = Reader {
            text,
            bytes: text.as_bytes(),
            at: 0,
            limits,
            builder: self,
            opened: Vec::new(),
            scratch: String::new(),
        };
        reader.read().map_err(|fault| fault.locate(text))
    }
}

/// An error by byte offset; positions are worked out only when one is reported.
struct Fault {
    at: usize,
    cause: Cause,
}

enum Cause {
    Truncated { what: &'static str, since: usize },
    DuplicateKey { key: String, first: usize },
    Other(JsonErrorKind),
}

impl Fault {
    fn locate(self, text: &str) -> JsonError {
        let kind = match self.cause {
            Cause::Truncated { what, since } => JsonErrorKind::Truncated {
                what,
                since: Position::of(text, since),
            },
            Cause::DuplicateKey { key, first } => JsonErrorKind::DuplicateKey {
                key,
                first: Position::of(text, first),
            },
            Cause::Other(kind) => kind,
        };
        JsonError {
            at: Position::of(text, self.at),
            kind,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    limits: JsonLimits,
    builder: &'a mut TreeBuilder,
    /// Where each open container starts.
    opened: Vec<usize>,
    scratch: String,
}

type Step<T = ()> = Result<T, Fault>;

impl Reader<'_> {
    fn read(mut self) -> Step {
        self.skip_space();
        if self.at == self.bytes.len() {
            return Err(self.fault(JsonErrorKind::Empty));
        }
        loop {
            self.value()?;
            if !self.next_value()? {
                break;
            }
        }
        self.skip_space();
        if self.at < self.bytes.len() {
            let found = self.found();
            return Err(self.fault(JsonErrorKind::TrailingData { found }));
        }
        Ok(())
    }

    /// Reads a scalar, or opens containers down to the first scalar or empty container.
    fn value(&mut self) -> Step {
        loop {
            self.skip_space();
            match self.peek() {
                Some(b'"') => {
                    let start = self.at;
                    self.at += 1;
                    match self.string(start)? {
                        Text::Plain(from, to) => self.builder.string(&self.text[from..to]),
                        Text::Unescaped => self.builder.string(&self.scratch),
                    }
                    return Ok(());
                }
                Some(b'{') => {
                    self.open()?;
                    self.builder.begin_object();
                    self.skip_space();
                    if self.peek() == Some(b'}') {
                        self.opened.pop();
                        self.at += 1;
                        self.builder.end_object().ok();
                        return Ok(());
                    }
                    self.key("a key in double quotes or `}`")?;
                }
                Some(b'[') => {
                    self.open()?;
                    self.builder.begin_array();
                    self.skip_space();
                    if self.peek() == Some(b']') {
                        self.opened.pop();
                        self.at += 1;
                        self.builder.end_array();
                        return Ok(());
                    }
                }
                Some(b'-' | b'0'..=b'9') => return self.number(),
                Some(b't') if self.word("true") => return self.done(|b| b.bool(true)),
                Some(b'f') if self.word("false") => return self.done(|b| b.bool(false)),
                Some(b'n') if self.word("null") => return self.done(TreeBuilder::null),
                _ => return Err(self.no_value()),
            }
        }
    }

    fn done(&mut self, add: impl FnOnce(&mut TreeBuilder)) -> Step {
        add(self.builder);
        Ok(())
    }

    /// After a value: closes what ends, up to the next value. False at the end of the document.
    fn next_value(&mut self) -> Step<bool> {
        loop {
            let Some(start) = self.opened.last().copied() else {
                return Ok(false);
            };
            self.skip_space();
            match (self.peek(), self.builder.in_object()) {
                (Some(b','), true) => {
                    self.at += 1;
                    self.skip_space();
                    self.key("a key in double quotes (no comma after the last member)")?;
                    return Ok(true);
                }
                (Some(b','), false) => {
                    self.at += 1;
                    self.skip_space();
                    if self.peek() == Some(b']') {
                        return Err(self.unexpected("a value (no comma after the last element)"));
                    }
                    return Ok(true);
                }
                (Some(b'}'), true) => {
                    self.at += 1;
                    self.opened.pop();
                    if let Err(duplicate) = self.builder.end_object() {
                        return Err(Fault {
                            at: self.member_offset(start, duplicate.second),
                            cause: Cause::DuplicateKey {
                                first: self.member_offset(start, duplicate.first),
                                key: duplicate.key,
                            },
                        });
                    }
                }
                (Some(b']'), false) => {
                    self.at += 1;
                    self.opened.pop();
                    self.builder.end_array();
                }
                (_, true) => return Err(self.unexpected("`,` or `}`")),
                (_, false) => return Err(self.unexpected("`,` or `]`")),
            }
        }
    }

    fn open(&mut self) -> Step {
        if self.opened.len() >= self.limits.depth {
            return Err(self.fault(JsonErrorKind::TooDeep {
                limit: self.limits.depth,
            }));
        }
        self.opened.push(self.at);
        self.at += 1;
        Ok(())
    }

    fn key(&mut self, expected: &'static str) -> Step {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(expected));
        }
        let start = self.at;
        self.at += 1;
        match self.string(start)? {
            Text::Plain(from, to) => self.builder.key(&self.text[from..to]),
            Text::Unescaped => self.builder.key(&self.scratch),
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string past its opening quote.
    fn string(&mut self, start: usize) -> Step<Text> {
        let from = self.at;
        self.at = string_run_end(self.bytes, self.at);
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Text::Plain(from, self.at - 1));
        }
        self.scratch.clear();
        let mut run = from;
        loop {
            match self.peek() {
                None => return Err(self.truncated("a string", start)),
                Some(b'"') => {
                    self.scratch.push_str(&self.text[run..self.at]);
                    self.at += 1;
                    return Ok(Text::Unescaped);
                }
                Some(b'\\') => {
                    self.scratch.push_str(&self.text[run..self.at]);
                    self.escape(start)?;
                    run = self.at;
                }
                Some(control) => {
                    return Err(self.fault(JsonErrorKind::ControlCharacter(u32::from(control))));
                }
            }
            self.at = string_run_end(self.bytes, self.at);
        }
    }

    fn escape(&mut self, start: usize) -> Step {
        let Some(byte) = self.bytes.get(self.at + 1).copied() else {
            self.at = self.bytes.len();
            return Err(self.truncated("a string", start));
        };
        let plain = match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(start),
            _ => {
                let escape = self.text[self.at + 1..].chars().take(1).collect();
                return Err(self.fault(JsonErrorKind::Escape(escape)));
            }
        };
        self.scratch.push(plain);
        self.at += 2;
        Ok(())
    }

    fn unicode_escape(&mut self, start: usize) -> Step {
        let first = self.hex4(self.at, start)?;
        let mut length = 6;
        let code = match first {
            0xD800..=0xDBFF if self.bytes[self.at + 6..].starts_with(b"\\u") => {
                let second = self.hex4(self.at + 6, start)?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(self.fault(JsonErrorKind::Surrogate(first)));
                }
                length = 12;
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            code => code,
        };
        let Some(character) = char::from_u32(code) else {
            return Err(self.fault(JsonErrorKind::Surrogate(code)));
        };
        self.scratch.push(character);
        self.at += length;
        Ok(())
    }

    /// The value of `\uXXXX` at an offset.
    fn hex4(&mut self, at: usize, start: usize) -> Step<u32> {
        let Some(digits) = self.bytes.get(at + 2..at + 6) else {
            self.at = self.bytes.len();
            return Err(self.truncated("a string", start));
        };
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            let escape = self.text[at + 1..].chars().take(5).collect();
            return Err(self.fault(JsonErrorKind::Escape(escape)));
        }
        Ok(digits.iter().fold(0, |sum, digit| {
            sum * 16 + char::from(*digit).to_digit(16).unwrap_or(0)
        }))
    }

    fn number(&mut self) -> Step {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let digits_start = self.at;
        let mut value = 0_i64;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            self.at += 1;
        }
        let digits = self.at - digits_start;
        if digits == 0 {
            return Err(self.bad_number(start, "a digit is expected after the sign"));
        }
        if digits > 1 && self.bytes[digits_start] == b'0' {
            return Err(self.bad_number(start, "leading zeros are not allowed"));
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return self.decimal(start);
        }
        if digits <= 18 && !(negative && value == 0) {
            self.builder.integer(if negative { -value } else { value });
            return Ok(());
        }
        self.builder.number(&self.text[start..self.at]);
        Ok(())
    }

    /// The fraction and exponent of a number whose whole part is read.
    fn decimal(&mut self, start: usize) -> Step {
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.digits() {
                return Err(self.bad_number(start, "a digit is expected after the point"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if !self.digits() {
                return Err(self.bad_number(start, "a digit is expected in the exponent"));
            }
        }
        self.builder.lexeme(&self.text[start..self.at]);
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn fault(&self, kind: JsonErrorKind) -> Fault {
        Fault {
            at: self.at,
            cause: Cause::Other(kind),
        }
    }

    fn truncated(&self, what: &'static str, since: usize) -> Fault {
        Fault {
            at: self.at,
            cause: Cause::Truncated { what, since },
        }
    }

    fn bad_number(&self, start: usize, problem: &'static str) -> Fault {
        if self.at == self.bytes.len() {
            return self.truncated("a number", start);
        }
        let end = self.text[start..].find([',', ']', '}', ' ', '\n', '\r', '\t']);
        let text = &self.text[start..end.map_or(self.text.len(), |end| start + end)];
        let text = text.chars().take(40).collect();
        Fault {
            at: start,
            cause: Cause::Other(JsonErrorKind::Number { text, problem }),
        }
    }

    fn no_value(&mut self) -> Fault {
        for word in ["NaN", "Infinity"] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                return self.fault(JsonErrorKind::NotFinite(word));
            }
        }
        self.unexpected("a value")
    }

    fn unexpected(&self, expected: &'static str) -> Fault {
        if self.at >= self.bytes.len()
            && let Some(start) = self.opened.last()
        {
            let what = if self.builder.in_object() {
                "an object"
            } else {
                "an array"
            };
            return self.truncated(what, *start);
        }
        self.fault(JsonErrorKind::Unexpected {
            found: self.found(),
            expected,
        })
    }

    /// What stands here, for a message: a word whole, anything else as one character.
    fn found(&self) -> String {
        let rest = &self.text[self.at..];
        let word: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .take(20)
            .collect();
        match (word.is_empty(), rest.chars().next()) {
            (false, _) => format!("`{word}`"),
            (true, Some('\'')) => "a single quote".to_owned(),
            (true, Some(character)) => format!("`{}`", character.escape_debug()),
            (true, None) => "the end".to_owned(),
        }
    }

    /// Where the nth member of an object starts. Only for text that was read once already.
    fn member_offset(&self, object: usize, member: usize) -> usize {
        let (mut at, mut depth, mut seen, mut fresh) = (object, 0_usize, 0, false);
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'"' if depth == 1 && fresh && seen == member => return at,
                b'"' => {
                    fresh = false;
                    at = skip_string(self.bytes, at + 1);
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    fresh = depth == 1;
                }
                b'}' | b']' => depth -= 1,
                b',' if depth == 1 => {
                    seen += 1;
                    fresh = true;
                }
                _ => {}
            }
            at += 1;
        }
        object
    }
}

enum Text {
    /// Within the source.
    Plain(usize, usize),
    /// In the scratch buffer.
    Unescaped,
}

/// The first byte from `at` on that is a quote, a backslash or a control character; eight at a time.
fn string_run_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // For each test, the lowest flagged byte is a true hit; borrows only spoil bytes above it.
        let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let backslash = zero(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let hits = quote | backslash | control;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes
        .get(at)
        .is_some_and(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
    {
        at += 1;
    }
    at
}

/// The offset past a string's closing quote, from past its opening one.
fn skip_string(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = string_run_end(bytes, at);
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return at,
        }
    }
}

#[cfg(test)]
mod tests;
