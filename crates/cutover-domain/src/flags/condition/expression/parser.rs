use super::Wrong;
use super::lexer::{Lexer, Token};
use crate::flags::condition::version::Version;
use crate::flags::{Bound, Condition, Literal, Operator, Pattern};
use crate::spelling::closest;

/// How deep parentheses and `not` may stand in each other: twice what documents allow, because a
/// level of a document can take both.
const MAX_NESTING: usize = 64;

/// The operators as they are written, in the order in which a refusal lists them.
const OPERATORS: [&str; 12] = [
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "in",
    "starts_with",
    "ends_with",
    "contains",
    "matches",
    "exists",
];

/// Every way to write an operator, for one that is misspelt: what is written, what is meant.
const SPELLINGS: [(&str, &str); 29] = [
    ("=", "=="),
    ("is", "=="),
    ("eq", "=="),
    ("equal", "=="),
    ("equals", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("less_than", "<"),
    ("le", "<="),
    ("lte", "<="),
    ("at_most", "<="),
    ("gt", ">"),
    ("greater_than", ">"),
    ("ge", ">="),
    ("gte", ">="),
    ("at_least", ">="),
    ("in", "in"),
    ("one_of", "in"),
    ("begins_with", "starts_with"),
    ("starts_with", "starts_with"),
    ("ends_with", "ends_with"),
    ("has", "contains"),
    ("contains", "contains"),
    ("includes", "contains"),
    ("=~", "matches"),
    ("like", "matches"),
    ("regex", "matches"),
    ("matches", "matches"),
    ("exists", "exists"),
];

/// Words that are no attributes unless they stand in backticks.
const RESERVED: [&str; 15] = [
    "and",
    "or",
    "not",
    "in",
    "all",
    "any",
    "always",
    "never",
    "true",
    "false",
    "starts_with",
    "ends_with",
    "contains",
    "matches",
    "exists",
];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

pub(super) fn parse(text: &str) -> Result<Condition, Wrong> {
    let mut lexer = Lexer::new(text);
    let (at, token) = lexer.next()?;
    let mut parser = Parser {
        lexer,
        at,
        token,
        nesting: 0,
    };
    let condition = parser.alternatives()?;
    match &parser.token {
        Token::End => Ok(condition),
        Token::Symbol("&&") => Err(parser.wrong("`&&` is written `and`")),
        Token::Symbol("||") => Err(parser.wrong("`||` is written `or`")),
        Token::Symbol(")") => Err(parser.wrong("this `)` closes nothing")),
        Token::Word(word) => {
            let meant = closest(&["and", "or"], &word.to_lowercase());
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
            let meant = meant.unwrap_or_default();
            Err(parser.wrong(format!(
                "expected `and`, `or` or the end instead of `{word}`{meant}"
            )))
        }
        _ => Err(parser.expected("`and`, `or` or the end")),
    }
}

/// Recursive descent: `or` binds less than `and`, `and` less than `not`.
struct Parser<'a> {
    lexer: Lexer<'a>,
    /// Where the next word starts.
    at: usize,
    /// The next word.
    token: Token<'a>,
    nesting: usize,
}

impl<'a> Parser<'a> {
    fn alternatives(&mut self) -> Result<Condition, Wrong> {
        self.several("or", Self::conjunction, Condition::Any)
    }

    fn conjunction(&mut self) -> Result<Condition, Wrong> {
        self.several("and", Self::single, Condition::All)
    }

    /// One part, or several with a joint between them.
    fn several(
        &mut self,
        joint: &str,
        part: impl Fn(&mut Self) -> Result<Condition, Wrong>,
        join: impl FnOnce(Vec<Condition>) -> Condition,
    ) -> Result<Condition, Wrong> {
        let first = part(self)?;
        if !self.is_word(joint) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.is_word(joint) {
            self.advance()?;
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn single(&mut self) -> Result<Condition, Wrong> {
        match &self.token {
            Token::Word("not") => {
                self.advance()?;
                let inner = self.nested(Self::single)?;
                Ok(Condition::Not(Box::new(inner)))
            }
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.nested(Self::alternatives)?;
                self.close(")")?;
                Ok(inner)
            }
            Token::Word(joint @ ("all" | "any")) => {
                let join = match *joint {
                    "all" => Condition::All,
                    _ => Condition::Any,
                };
                self.advance()?;
                self.list(join)
            }
            Token::Word("always") => {
                self.advance()?;
                Ok(Condition::All(Vec::new()))
            }
            Token::Word("never") => {
                self.advance()?;
                Ok(Condition::Any(Vec::new()))
            }
            _ => self.test(),
        }
    }

    /// `all(x, y)` and `any(x, y)`.
    fn list(&mut self, join: fn(Vec<Condition>) -> Condition) -> Result<Condition, Wrong> {
        self.open("(")?;
        let mut parts = Vec::new();
        if self.token != Token::Symbol(")") {
            parts.push(self.nested(Self::alternatives)?);
            while self.token == Token::Symbol(",") {
                self.advance()?;
                parts.push(self.nested(Self::alternatives)?);
            }
        }
        self.close(")")?;
        Ok(join(parts))
    }

    fn nested(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Condition, Wrong>,
    ) -> Result<Condition, Wrong> {
        if self.nesting == MAX_NESTING {
            return Err(self.wrong(format!(
                "parentheses and `not` stand deeper in each other than {MAX_NESTING} levels"
            )));
        }
        self.nesting += 1;
        let condition = inner(self)?;
        self.nesting -= 1;
        Ok(condition)
    }

    fn test(&mut self) -> Result<Condition, Wrong> {
        let attribute = self.attribute()?;
        let negated = self.is_word("not");
        if negated {
            self.advance()?;
        }
        let operator = self.operator(&attribute, negated)?;
        let (operator, negated) = match (operator, negated) {
            (Asked::Unless(operator), _) => (operator, true),
            (Asked::Whether(Operator::Exists(_)), true) => (Operator::Exists(false), false),
            (Asked::Whether(operator), negated) => (operator, negated),
        };
        let test = Condition::test(attribute, operator);
        Ok(if negated {
            Condition::Not(Box::new(test))
        } else {
            test
        })
    }

    fn attribute(&mut self) -> Result<String, Wrong> {
        let name = match &self.token {
            Token::Name(name) => name.clone(),
            Token::Word(word) if !is_reserved(word) => (*word).to_owned(),
            Token::Word("exists") => {
                return Err(self.wrong("`exists` stands behind its attribute: plan exists"));
            }
            Token::Word(word) => {
                return Err(self.wrong(format!(
                    "expected an attribute instead of `{word}`; one of that name stands in \
                     backticks: `{word}` with ` before and after it"
                )));
            }
            Token::Text(text) => {
                return Err(self.wrong(format!(
                    "expected an attribute instead of the text {text:?}; an attribute stands \
                     before the operator, without quotes or in backticks"
                )));
            }
            _ => return Err(self.expected("an attribute, `not` or `(`")),
        };
        self.advance()?;
        Ok(name)
    }

    fn operator(&mut self, attribute: &str, negated: bool) -> Result<Asked, Wrong> {
        let written = match &self.token {
            Token::Symbol(symbol) => *symbol,
            Token::Word(word) => word,
            _ => return Err(self.no_operator(attribute)),
        };
        if !OPERATORS.contains(&written) {
            return Err(self.no_operator(attribute));
        }
        if negated && !written.starts_with(char::is_alphabetic) {
            return Err(self.expected("in, exists or another operator in letters after `not`"));
        }
        self.advance()?;
        Ok(Asked::Whether(match written {
            "==" => Operator::Equals(self.literal()?),
            "!=" => return self.literal().map(Operator::Equals).map(Asked::Unless),
            "<" => Operator::LessThan(self.bound()?),
            "<=" => Operator::AtMost(self.bound()?),
            ">" => Operator::GreaterThan(self.bound()?),
            ">=" => Operator::AtLeast(self.bound()?),
            "in" => Operator::In(self.literals()?),
            "starts_with" => Operator::StartsWith(self.text()?),
            "ends_with" => Operator::EndsWith(self.text()?),
            "contains" => Operator::Contains(self.text()?),
            "matches" => Operator::Matches(self.pattern()?),
            _ => Operator::Exists(true),
        }))
    }

    fn no_operator(&self, attribute: &str) -> Wrong {
        let written = match &self.token {
            Token::Symbol(symbol) => Some(*symbol),
            Token::Word(word) => Some(*word),
            _ => None,
        };
        let spellings = SPELLINGS.map(|(spelling, _)| spelling);
        let meant = written
            .and_then(|written| closest(&spellings, &written.to_lowercase()))
            .and_then(|spelling| SPELLINGS.iter().find(|(known, _)| known == spelling))
            .map(|(_, meant)| format!("; did you mean `{meant}`?"))
            .unwrap_or_else(|| {
                format!(
                    ". There are: {}; and `not` before a word",
                    OPERATORS.join(", ")
                )
            });
        let found = &self.token;
        self.wrong(format!(
            "expected an operator after {attribute} instead of {found}{meant}"
        ))
    }

    fn pattern(&mut self) -> Result<Pattern, Wrong> {
        let at = self.at;
        let pattern = Pattern::new(self.text()?);
        match pattern.compile() {
            Ok(_) => Ok(pattern),
            Err(why) => Err(Wrong::new(at, why)),
        }
    }

    fn text(&mut self) -> Result<String, Wrong> {
        match std::mem::replace(&mut self.token, Token::End) {
            Token::Text(text) => {
                self.advance()?;
                Ok(text)
            }
            other => {
                self.token = other;
                Err(self.no_value("text in double quotes"))
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, Wrong> {
        let literal = match &self.token {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Number(number) => number.clone(),
            Token::Word("true") => Literal::Boolean(true),
            Token::Word("false") => Literal::Boolean(false),
            Token::Version(version) => {
                return Err(self.wrong(format!(
                    "versions are compared with <, <=, > and >=; the text alone is {version:?}"
                )));
            }
            _ => return Err(self.no_value("text in double quotes, a number, true or false")),
        };
        self.advance()?;
        Ok(literal)
    }

    fn literals(&mut self) -> Result<Vec<Literal>, Wrong> {
        self.open("[")?;
        let mut literals = Vec::new();
        if self.token != Token::Symbol("]") {
            literals.push(self.literal()?);
            while self.token == Token::Symbol(",") {
                self.advance()?;
                literals.push(self.literal()?);
            }
        }
        self.close("]")?;
        Ok(literals)
    }

    fn bound(&mut self) -> Result<Bound, Wrong> {
        let bound = match &self.token {
            Token::Number(Literal::Integer(number)) => Bound::Integer(*number),
            Token::Number(Literal::Number(number)) => Bound::Number(*number),
            Token::Version(version) => Bound::Version((*version).to_owned()),
            Token::Text(text) if Version::parse(text).is_some() => Bound::Version(text.clone()),
            Token::Text(text) => {
                return Err(self.wrong(format!(
                    "{text:?} is not a version like 1.4.0, and other text has no order here"
                )));
            }
            _ => return Err(self.no_value("a number or a version like 1.4.0")),
        };
        self.advance()?;
        Ok(bound)
    }

    fn no_value(&self, expected: &str) -> Wrong {
        match &self.token {
            Token::Word(word) => self.wrong(format!(
                "expected {expected} instead of `{word}`; as text it is {word:?}"
            )),
            _ => self.expected(expected),
        }
    }

    fn open(&mut self, symbol: &'static str) -> Result<(), Wrong> {
        if self.token == Token::Symbol(symbol) {
            self.advance()
        } else {
            Err(self.expected(&format!("`{symbol}`")))
        }
    }

    fn close(&mut self, symbol: &'static str) -> Result<(), Wrong> {
        if self.token == Token::Symbol(symbol) {
            self.advance()
        } else {
            Err(self.expected(&format!("`{symbol}` or more of what it closes")))
        }
    }

    fn is_word(&self, word: &str) -> bool {
        self.token == Token::Word(word)
    }

    fn advance(&mut self) -> Result<(), Wrong> {
        (self.at, self.token) = self.lexer.next()?;
        Ok(())
    }

    fn expected(&self, what: &str) -> Wrong {
        let found = &self.token;
        self.wrong(format!("expected {what} instead of {found}"))
    }

    fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong::new(self.at, message)
    }
}

/// An operator with the negation that its symbol brings.
enum Asked {
    Whether(Operator),
    Unless(Operator),
}
