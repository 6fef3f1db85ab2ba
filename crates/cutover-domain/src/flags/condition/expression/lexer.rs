use std::fmt;

use super::Wrong;
use crate::flags::Literal;
use crate::flags::condition::version::Version;

/// One word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A bare word: an attribute, an operator or a joint.
    Word(&'a str),
    /// A name in backticks: always an attribute.
    Name(String),
    /// Text in double quotes.
    Text(String),
    /// A number.
    Number(Literal),
    /// A bare `x.y.z`.
    Version(&'a str),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// Longest first, so that `>=` is not `>` and `=`.
const SYMBOLS: [&str; 15] = [
    "==", "!=", "<=", ">=", "=~", "&&", "||", "<", ">", "(", ")", "[", "]", ",", "=",
];

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) | Self::Version(word) => write!(f, "`{word}`"),
            Self::Name(name) => write!(f, "the attribute {name:?}"),
            Self::Text(text) => write!(f, "the text {text:?}"),
            Self::Number(Literal::Integer(number)) => write!(f, "the number {number}"),
            Self::Number(Literal::Number(number)) => write!(f, "the number {number}"),
            Self::Number(_) => f.write_str("a number"),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// Reads words one after the other.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word and where it starts.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'a>), Wrong> {
        let rest = self.text[self.at..].trim_start();
        let at = self.text.len() - rest.len();
        let (token, length) = match rest.chars().next() {
            None => (Token::End, 0),
            Some('"') => {
                let (text, length) = quoted(rest, '"', at)?;
                (Token::Text(text), length)
            }
            Some('`') => {
                let (name, length) = quoted(rest, '`', at)?;
                (Token::Name(name), length)
            }
            Some('\'') => {
                return Err(Wrong::new(at, "text stands in double quotes: \"text\""));
            }
            Some(first) if starts_word(first) => {
                let word = prefix(rest, continues_word);
                (Token::Word(word), word.len())
            }
            Some(first) if first.is_ascii_digit() || first == '-' => {
                let word = prefix(rest, |char| continues_word(char) || char == '+');
                (number(word, at)?, word.len())
            }
            Some(first) => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => (Token::Symbol(symbol), symbol.len()),
                None if first == '!' => return Err(Wrong::new(at, "`!` is written `not`")),
                None => {
                    let message = format!(
                        "{first:?} means nothing here; an attribute with such a name stands in \
                         backticks"
                    );
                    return Err(Wrong::new(at, message));
                }
            },
        };
        self.at = at + length;
        Ok((at, token))
    }
}

pub(super) fn starts_word(char: char) -> bool {
    char.is_alphabetic() || char == '_'
}

pub(super) fn continues_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '.' | '-')
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|char| !belongs(char)).unwrap_or(text.len());
    &text[..end]
}

/// A number as in JSON, or a version of three numbers.
fn number(word: &str, at: usize) -> Result<Token<'_>, Wrong> {
    if let Ok(literal @ (Literal::Integer(_) | Literal::Number(_))) = serde_json::from_str(word) {
        return Ok(Token::Number(literal));
    }
    if is_bare_version(word) {
        return Ok(Token::Version(word));
    }
    let message = format!(
        "`{word}` is neither a number nor a version like 1.4.0; text stands in double quotes: \
         {word:?}"
    );
    Err(Wrong::new(at, message))
}

/// Whether a version can be written without quotes: all three numbers, so that it is no number.
pub(super) fn is_bare_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    text.starts_with(|char: char| char.is_ascii_digit())
        && numbers.split('.').count() == 3
        && Version::parse(text).is_some()
}

/// What stands between two `quote`s, with the escapes of JSON, and the length with the quotes.
fn quoted(text: &str, quote: char, at: usize) -> Result<(String, usize), Wrong> {
    let mut json = String::from("\"");
    let mut characters = text.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            _ if character == quote => {
                json.push('"');
                let read = serde_json::from_str(&json);
                let read = read.map_err(|_| {
                    let message = "this is not quoted as JSON text is: `\\n`, `\\\"`, `\\\\` and \
                                   `\\u0000` are written so";
                    Wrong::new(at, message)
                })?;
                return Ok((read, index + quote.len_utf8()));
            }
            '\\' => match characters.next() {
                Some((_, escaped)) if escaped == quote && quote != '"' => json.push(escaped),
                Some((_, escaped)) => json.extend(['\\', escaped]),
                None => break,
            },
            '"' => json.push_str("\\\""),
            other => json.push(other),
        }
    }
    Err(Wrong::new(at, format!("this {quote} is never closed")))
}
