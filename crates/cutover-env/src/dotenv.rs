//! Variables in a file, one a line.
//!
//! A line is `NAME=value`, with `export` before it if you like; `#` begins a comment at the
//! beginning of a line and behind a blank. Values are read as a POSIX shell reads them, except that
//! nothing is expanded and that a value without quotes may have blanks inside:
//!
//! - `'…'` is taken as it is, also over several lines,
//! - in `"…"`, also over several lines, `\"`, `\\`, `\$` and `` \` `` stand for the character
//!   behind the backslash, and a backslash at the end of a line continues it,
//! - elsewhere a backslash takes the character behind it as it is.
//!
//! The last line of a name counts.
//!
//! ```
//! use cutover_env::dotenv;
//!
//! let variables = dotenv::parse("export FEATURE_X=true # since May\nNAME='two words'\n")?;
//! assert_eq!(variables["FEATURE_X"], "true");
//! assert_eq!(variables["NAME"], "two words");
//!
//! let errors = dotenv::parse("A=1\nB\nC='\n").unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     "line 2: there is no `=`; write NAME=value\nline 3: the quote ' is never closed"
//! );
//! # Ok::<(), dotenv::DotenvErrors>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// One line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotenvError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: &'static str,
}

/// Every line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DotenvErrors(pub Vec<DotenvError>);

impl fmt::Display for DotenvErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, DotenvError { line, problem }) in self.0.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            write!(f, "{newline}line {line}: {problem}")?;
        }
        Ok(())
    }
}

/// One line that sets a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The number of the line, from 1.
    pub line: usize,
    /// The name of the variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The variables of a dotenv file.
///
/// # Errors
///
/// Every line that cannot be read, all together.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, DotenvErrors> {
    let variables = assignments(text)?.into_iter();
    Ok(variables
        .map(|assignment| (assignment.name, assignment.value))
        .collect())
}

/// Every line that sets a variable, in order: a name may be there several times.
///
/// # Errors
///
/// Every line that cannot be read, all together.
pub fn assignments(text: &str) -> Result<Vec<Assignment>, DotenvErrors> {
    let mut reader = Reader {
        rest: text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .chars()
            .peekable(),
        line: 1,
    };
    let mut assignments = Vec::new();
    let mut errors = Vec::new();
    while reader.rest.peek().is_some() {
        let line = reader.line;
        match reader.assignment() {
            Ok(Some((name, value))) => {
                assignments.push(Assignment { line, name, value });
            }
            Ok(None) => {}
            Err(problem) => {
                errors.push(DotenvError { line, problem });
                reader.skip_line();
            }
        }
    }
    if errors.is_empty() {
        Ok(assignments)
    } else {
        Err(DotenvErrors(errors))
    }
}

const NUL: &str = "there is a NUL character, which no variable can have";
const UNCLOSED_SINGLE: &str = "the quote ' is never closed";
const UNCLOSED_DOUBLE: &str = "the quote \" is never closed";

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    /// The next character. A carriage return before the end of a line is part of that.
    fn next(&mut self) -> Option<char> {
        let mut next = self.rest.next()?;
        if next == '\r' && self.rest.peek() == Some(&'\n') {
            next = '\n';
            self.rest.next();
        }
        self.line += usize::from(next == '\n');
        Some(next)
    }

    /// Skips blanks, and tells whether there were any.
    fn skip_blanks(&mut self) -> bool {
        let mut any = false;
        while self
            .rest
            .next_if(|next| matches!(next, ' ' | '\t'))
            .is_some()
        {
            any = true;
        }
        any
    }

    fn skip_line(&mut self) {
        while let Some(next) = self.next() {
            if next == '\n' {
                return;
            }
        }
    }

    /// One line, or more where quotes go on; `None` when nothing is assigned.
    fn assignment(&mut self) -> Result<Option<(String, String)>, &'static str> {
        self.skip_blanks();
        let mut name = self.word();
        self.skip_blanks();
        if name == "export" && self.rest.peek() != Some(&'=') {
            name = self.word();
            self.skip_blanks();
        }
        match self.rest.peek() {
            Some('=') if !name.is_empty() => {
                self.next();
                let after_blank = self.skip_blanks();
                Ok(Some((name, self.value(after_blank)?)))
            }
            Some('=') => Err("there is no name before `=`; write NAME=value"),
            None | Some('\n' | '\r' | '#') if name.is_empty() => {
                self.skip_line();
                Ok(None)
            }
            _ => Err("there is no `=`; write NAME=value"),
        }
    }

    /// What may be a name: everything up to a blank, `=`, or what begins a comment or a quote.
    fn word(&mut self) -> String {
        let mut word = String::new();
        let stops = |next: &char| next.is_whitespace() || matches!(next, '=' | '#' | '\'' | '"');
        while let Some(next) = self.rest.next_if(|next| !stops(next)) {
            word.push(next);
        }
        word
    }

    fn value(&mut self, mut after_blank: bool) -> Result<String, &'static str> {
        let mut value = String::new();
        // How much of it stays when only blanks follow.
        let mut kept = 0;
        while let Some(next) = self.next() {
            match next {
                '\n' => break,
                '#' if after_blank => {
                    self.skip_line();
                    break;
                }
                ' ' | '\t' | '\r' => {
                    value.push(next);
                    after_blank = true;
                    continue;
                }
                '\'' => self.single_quoted(&mut value)?,
                '"' => self.double_quoted(&mut value)?,
                '\\' => match self.next() {
                    Some('\n') | None => {}
                    Some(taken) => value.push(taken),
                },
                '\0' => return Err(NUL),
                _ => value.push(next),
            }
            kept = value.len();
            after_blank = false;
        }
        value.truncate(kept);
        Ok(value)
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), &'static str> {
        loop {
            match self.next().ok_or(UNCLOSED_SINGLE)? {
                '\'' => return Ok(()),
                '\0' => return Err(NUL),
                taken => value.push(taken),
            }
        }
    }

    fn double_quoted(&mut self, value: &mut String) -> Result<(), &'static str> {
        loop {
            match self.next().ok_or(UNCLOSED_DOUBLE)? {
                '"' => return Ok(()),
                '\0' => return Err(NUL),
                '\\' => match self.next().ok_or(UNCLOSED_DOUBLE)? {
                    '\n' => {}
                    taken @ ('"' | '\\' | '$' | '`') => value.push(taken),
                    other => value.extend(['\\', other]),
                },
                taken => value.push(taken),
            }
        }
    }
}
